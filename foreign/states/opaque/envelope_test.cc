// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/opaque/envelope.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::opaque {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

// More than two pieces, which repeat nowhere soon.
std::string LongState() {
  std::string state;
  for (uint32_t i = 0; state.size() < 600000; ++i) {
    const uint32_t word = i * 2654435761u;
    state.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  return state;
}

Label SomeLabel() {
  Label label;
  label.set_device("virtio-net");
  label.set_implementation("passt");
  label.set_implementation_version("2025_05_03");
  return label;
}

absl::StatusOr<std::string> Envelope(const std::string& state,
                                     const Label& label = SomeLabel()) {
  MemorySink sink;
  const absl::Status written = WriteEnvelope(
      [&] { return std::make_shared<MemorySource>(state); }, label, {}, &sink);
  if (!written.ok()) return written;
  return sink.Take();
}

OpenedEnvelope Open(const std::string& stream, MemorySink* bytes) {
  MemorySource source(stream);
  return OpenEnvelope(&source, bytes);
}

TEST(EnvelopeTest, BytesAndLabelComeBack) {
  for (const std::string& state : {std::string(), std::string("few bytes"),
                                   std::string(256 << 10, 'x'), LongState()}) {
    SCOPED_TRACE(state.size());
    const absl::StatusOr<std::string> stream = Envelope(state);
    ASSERT_THAT(stream, IsOk());
    MemorySink bytes;
    const OpenedEnvelope opened = Open(*stream, &bytes);
    ASSERT_THAT(opened.status, IsOk());
    EXPECT_TRUE(bytes.bytes() == state);
    EXPECT_EQ(opened.verdict.level(), VERDICT_LEVEL_IDENTICAL);
    EXPECT_EQ(opened.label.device(), "virtio-net");
    EXPECT_EQ(opened.label.implementation(), "passt");
    EXPECT_EQ(opened.label.implementation_version(), "2025_05_03");
    EXPECT_EQ(opened.label.size(), state.size());
  }
}

TEST(EnvelopeTest, TheDigestIsThatOfSha256sum) {
  MemorySink bytes;
  const OpenedEnvelope opened =
      Open(*Envelope("a small state of nobody"), &bytes);
  EXPECT_EQ(opened.label.sha256(),
            "2964e72eba14cc6137a18435438fefa7e86e98f5fa79b817dfef50066f1aca56");
}

TEST(EnvelopeTest, AnEnvelopeIsKnownByItsHeader) {
  const absl::StatusOr<std::string> stream = Envelope("few bytes");
  EXPECT_TRUE(
      *IsEnvelope([&] { return std::make_shared<MemorySource>(*stream); }));
  EXPECT_FALSE(IsEnvelope([&] {
                 return std::make_shared<MemorySource>("few bytes");
               }).ok());
}

TEST(EnvelopeTest, AnyDamageIsFound) {
  const absl::StatusOr<std::string> stream = Envelope(LongState());
  for (size_t at = 0; at < stream->size(); at += 1 + stream->size() / 200) {
    SCOPED_TRACE(at);
    std::string damaged = *stream;
    damaged[at] ^= 0x10;
    MemorySink bytes;
    EXPECT_GE(Open(damaged, &bytes).verdict.level(), VERDICT_LEVEL_REFUSED);
    EXPECT_FALSE(Open(stream->substr(0, at), &bytes).status.ok());
  }
}

TEST(EnvelopeTest, ALabelBeyondItsBoundsIsRefused) {
  Label label = SomeLabel();
  label.set_implementation(std::string(256, 'x'));
  MemorySink bytes;
  const OpenedEnvelope opened = Open(*Envelope("few bytes", label), &bytes);
  EXPECT_THAT(opened.status,
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("[value-out-of-bounds] implementation")));
}

TEST(EnvelopeTest, AStateThatChangesIsNotWritten) {
  int opened = 0;
  MemorySink sink;
  const std::string states[] = {"few bytes", "other byte"};
  EXPECT_THAT(
      WriteEnvelope(
          [&] { return std::make_shared<MemorySource>(states[opened++]); },
          SomeLabel(), {}, &sink),
      StatusIs(absl::StatusCode::kAborted, HasSubstr("")));
}

}  // namespace
}  // namespace devstate::opaque
