// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/third_party/cli11/command_line.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kRun = 7;

// A program that ends with kRun once its command line is right.
class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    program_.run = [] { return kRun; };
  }

  int Run(const std::vector<std::string>& words) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit_code = RunCommand(program_, words);
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  Command program_{"program", "Does it"};
  std::string out_;
  std::string error_;
};

TEST_F(CommandLineTest, TargetsGetTheirValues) {
  std::string text;
  uint32_t small = 0;
  uint64_t large = 0;
  double fraction = 0;
  bool flag = false;
  std::string word;
  program_.AddOption("-t,--text", &text, "");
  program_.AddOption("--small", &small, "");
  program_.AddOption("--large", &large, "");
  program_.AddOption("--fraction", &fraction, "");
  program_.AddFlag("--flag", &flag, "");
  program_.AddOption(
      "--word", [&word](const std::string& given) { word = given; }, "");
  EXPECT_EQ(Run({"-t", "x y", "--small=7", "--large", "18446744073709551615",
                 "--fraction", "0.5", "--flag", "--word", "w"}),
            kRun);
  EXPECT_EQ(text, "x y");
  EXPECT_EQ(small, 7u);
  EXPECT_EQ(large, 18446744073709551615u);
  EXPECT_EQ(fraction, 0.5);
  EXPECT_TRUE(flag);
  EXPECT_EQ(word, "w");
}

TEST_F(CommandLineTest, WhatIsNoNumberOfTheTypeIsRefused) {
  uint32_t number = 0;
  program_.AddOption("--number", &number, "");
  for (const char* word : {"x", "-1", "4294967296", "1.5", ""}) {
    EXPECT_EQ(Run({"--number", word}), kExitUsage) << word;
    EXPECT_THAT(error_, StartsWith("program: ")) << word;
    EXPECT_THAT(error_, HasSubstr("; see program --help\n")) << word;
  }
}

TEST_F(CommandLineTest, RepeatedOptionTakesOneValueEachTime) {
  std::vector<std::string> words;
  std::vector<uint32_t> numbers;
  std::string file;
  program_.AddOption("--word", &words, "");
  program_.AddOption("--number", &numbers, "").SplitAtCommas();
  program_.AddOption("FILE", &file, "");
  EXPECT_EQ(Run({"--word", "a", "file", "--word=b", "--number", "1,2",
                 "--number", "3"}),
            kRun);
  EXPECT_THAT(words, ElementsAre("a", "b"));
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
  EXPECT_EQ(file, "file");
}

TEST_F(CommandLineTest, RepeatedPositionalTakesAllThatAreLeft) {
  std::vector<std::string> files;
  std::string device;
  program_.AddOption("FILE", &files, "").Required();
  program_.AddOption("--device", &device, "");
  EXPECT_EQ(Run({"a", "b", "--device", "d", "c"}), kRun);
  EXPECT_THAT(files, ElementsAre("a", "b", "c"));
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(error_, "program: FILE is required; see program --help\n");
}

TEST_F(CommandLineTest, RulesAreKept) {
  std::string colour;
  std::string shade;
  double seconds = 0;
  uint32_t count = 1;
  const CommandOption& first =
      program_.AddOption("--colour", &colour, "").OneOf({"red", "blue"});
  program_.AddOption("--shade", &shade, "").Needs(first);
  program_.AddOption("--seconds", &seconds, "").InRange(0.5, 2).Excludes(first);
  program_.AddOption("--count", &count, "").Positive();
  EXPECT_EQ(Run({"--colour", "red", "--shade", "dark"}), kRun);
  EXPECT_EQ(Run({"--seconds", "0.5", "--count", "1"}), kRun);
  EXPECT_EQ(Run({"--colour", "green"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("red,blue"));
  EXPECT_EQ(Run({"--shade", "dark"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--shade requires --colour"));
  EXPECT_EQ(Run({"--seconds", "0.4"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--seconds: 0.4 is not in the range 0.5 to 2"));
  EXPECT_EQ(Run({"--seconds", "1", "--colour", "red"}), kExitUsage);
  EXPECT_EQ(Run({"--count", "0"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("--count: 0 is not more than 0"));
}

TEST_F(CommandLineTest, HelpShowsNamesValuesAndDefaults) {
  uint32_t records = 100;
  std::string format = "text";
  double seconds = 0;
  program_.AddOption("-r,--records", &records, "How many").ShowDefault();
  program_.AddOption("--format", &format, "How").OneOf({"text", "json"});
  program_.AddOption("--to", &format, "Where").Value("PLACE").Required();
  program_.AddOption("--wait", &seconds, "Seconds").InRange(0.1, 3600);
  program_.footer = "Example: program";
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out_, StartsWith("Does it\n"));
  EXPECT_THAT(out_, HasSubstr("Usage: program [OPTIONS]\n"));
  EXPECT_THAT(out_, HasSubstr("  -h,--help "));
  EXPECT_THAT(out_, HasSubstr("  -r,--records UINT=100 "));
  EXPECT_THAT(out_, HasSubstr("  --wait FLOAT:FLOAT in [0.1 - 3600]\n"));
  EXPECT_THAT(out_, HasSubstr("  --format TEXT:{text,json} "));
  EXPECT_THAT(out_, HasSubstr("  --to PLACE REQUIRED "));
  EXPECT_THAT(out_, HasSubstr("\nExample: program\n"));
}

TEST_F(CommandLineTest, ActionEndsTheProgramBeforeAnythingIsRequired) {
  std::string file;
  program_.AddOption("--file", &file, "").Required();
  program_.AddAction(
      "--version", [] { return 0; }, "");
  program_.AddAction(
      "--fail", [] { return 3; }, "");
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_EQ(Run({"--fail"}), 3);
  EXPECT_EQ(error_, "");
}

TEST(VerbsTest, TheVerbThatIsNamedRuns) {
  Command program("program", "Does it");
  std::string file;
  Command& list = program.AddVerb("list", "Lists");
  list.AddOption("FILE", &file, "");
  list.run = [] { return 3; };
  Command& deep = program.AddVerb("deep", "Goes on");
  deep.AddVerb("er", "Ends").run = [] { return 4; };
  EXPECT_EQ(RunCommand(program, {"list", "x"}), 3);
  EXPECT_EQ(file, "x");
  EXPECT_EQ(RunCommand(program, {"deep", "er"}), 4);

  testing::internal::CaptureStderr();
  EXPECT_EQ(RunCommand(program, {}), kExitUsage);
  EXPECT_EQ(RunCommand(program, {"lost"}), kExitUsage);
  EXPECT_EQ(RunCommand(program, {"--lost"}), kExitUsage);
  EXPECT_EQ(RunCommand(program, {"deep"}), kExitUsage);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "program: a verb is missing; see program --help\n"
            "program: no verb is named lost; see program --help\n"
            "program: no option is named --lost; see program --help\n"
            "program deep: a verb is missing; see program deep --help\n");
}

TEST(VerbsTest, HiddenOnesRunAndAreInNoHelp) {
  Command program("program", "Does it");
  program.AddVerb("seen", "Is seen").run = [] { return 3; };
  Command& hidden = program.AddVerb("hidden", "Is not");
  hidden.hidden = true;
  hidden.run = [] { return 4; };
  EXPECT_EQ(RunCommand(program, {"hidden"}), 4);
  testing::internal::CaptureStdout();
  EXPECT_EQ(RunCommand(program, {"--help"}), 0);
  const std::string help = testing::internal::GetCapturedStdout();
  EXPECT_THAT(help, HasSubstr("seen"));
  EXPECT_THAT(help, Not(HasSubstr("hidden")));
  EXPECT_EQ(program.shown_verbs().size(), 1u);
}

TEST(CompletionTest, ChoicesAndSuggestionsAreOffered) {
  Command program("program", "Does it");
  std::string word;
  EXPECT_TRUE(program.AddOption("--any", &word, "").completions().empty());
  EXPECT_THAT(
      program.AddOption("--one", &word, "").OneOf({"a", "b"}).completions(),
      ElementsAre("a", "b"));
  EXPECT_FALSE(program.takes_files());
  EXPECT_THAT(program.AddOption("RULE", &word, "")
                  .Suggest([] { return std::vector<std::string>{"c"}; })
                  .completions(),
              ElementsAre("c"));
  EXPECT_FALSE(program.takes_files());
  program.AddOption("FILE", &word, "");
  EXPECT_TRUE(program.takes_files());
}

}  // namespace
}  // namespace devstate
