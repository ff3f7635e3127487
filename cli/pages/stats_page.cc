// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/stats_page.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/pages/page.h"
#include "cli/pages/treemap.h"

namespace devstate {
namespace {

// More are too small to see.
constexpr size_t kMaxTiles = 300;
// In percent of the map: less holds no text.
constexpr double kMinTextWidth = 9;
constexpr double kMinTextHeight = 9;
// What lies between two hues tells neighbours apart.
constexpr int kHueStep = 67;
constexpr int kFirstHue = 210;

struct Part {
  std::string name;
  // Of the stored bytes.
  double bytes = 0;
  int hue = kFirstHue;
};

std::string NameOf(const SectionStats& section) {
  return section.name().empty() ? "(root)" : section.name();
}

// The columns of a section, which share its stored bytes in the proportion of
// what each takes alone.
void AddColumns(const SectionStats& section, int hue,
                std::vector<Part>* parts) {
  double alone = 0;
  for (const ColumnStats& column : section.columns()) {
    alone += static_cast<double>(column.stored_alone_bytes());
  }
  const auto stored = static_cast<double>(section.stored_bytes());
  if (alone == 0) {
    parts->push_back({NameOf(section), stored, hue});
    return;
  }
  for (const ColumnStats& column : section.columns()) {
    parts->push_back(
        {absl::StrCat(NameOf(section), ".", column.path()),
         static_cast<double>(column.stored_alone_bytes()) / alone * stored,
         hue});
  }
}

// The parts of the stream, the largest first.
std::vector<Part> PartsOf(const StateStats& stats) {
  std::vector<Part> parts;
  int hue = kFirstHue;
  for (const SectionStats& section : stats.sections()) {
    AddColumns(section, hue, &parts);
    hue = (hue + kHueStep) % 360;
  }
  parts.push_back({"header and framing",
                   static_cast<double>(stats.stream_bytes()) -
                       static_cast<double>(stats.stored_bytes()),
                   hue});
  std::stable_sort(
      parts.begin(), parts.end(),
      [](const Part& a, const Part& b) { return a.bytes > b.bytes; });
  if (parts.size() > kMaxTiles) {
    Part rest = {absl::StrCat(parts.size() - kMaxTiles + 1, " smaller parts"),
                 0, hue};
    while (parts.size() >= kMaxTiles) {
      rest.bytes += parts.back().bytes;
      parts.pop_back();
    }
    const auto place = std::upper_bound(
        parts.begin(), parts.end(), rest,
        [](const Part& a, const Part& b) { return a.bytes > b.bytes; });
    parts.insert(place, rest);
  }
  return parts;
}

std::string TreemapHtml(const StateStats& stats) {
  const std::vector<Part> parts = PartsOf(stats);
  std::vector<double> sizes;
  for (const Part& part : parts) sizes.push_back(part.bytes);
  const std::vector<Tile> tiles = DivideIntoTiles(sizes, {0, 0, 160, 100});
  std::string html = "<div class=\"treemap\">\n";
  for (size_t i = 0; i < tiles.size(); ++i) {
    const double width = tiles[i].width / 1.6;
    const double height = tiles[i].height;
    const std::string label = Escaped(absl::StrFormat(
        "%s: %s bytes, %.1f %%", parts[i].name,
        GroupedDigits(static_cast<uint64_t>(parts[i].bytes + 0.5)),
        width * height / 100));
    absl::StrAppendFormat(
        &html,
        "<div style=\"left:%.4f%%;top:%.4f%%;width:%.4f%%;height:%.4f%%;"
        "--hue:%d\" title=\"%s\">%s</div>\n",
        tiles[i].left / 1.6, tiles[i].top, width, height, parts[i].hue, label,
        width < kMinTextWidth || height < kMinTextHeight ? "" : label);
  }
  return absl::StrCat(html, "</div>\n");
}

std::string Row(absl::string_view name, const std::string& records,
                uint64_t decoded, uint64_t stored) {
  return absl::StrCat(
      "<tr><td class=\"name\">", name, "</td><td class=\"number\">", records,
      "</td><td class=\"number\">", GroupedDigits(decoded),
      "</td><td class=\"number\">", GroupedDigits(stored), "</td></tr>\n");
}

std::string SectionHtml(const SectionStats& section) {
  std::string html = absl::StrCat(
      "<h2>", Escaped(NameOf(section)), "</h2>\n<p>",
      GroupedDigits(section.chunks()),
      section.chunks() == 1 ? " chunk of " : " chunks, the largest of ",
      GroupedDigits(section.largest_chunk_bytes()), " bytes.",
      section.largest_record_bytes() == 0
          ? ""
          : absl::StrCat(" The largest record has ",
                         GroupedDigits(section.largest_record_bytes()),
                         " bytes as a message."),
      "</p>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">column"
      "</th><th scope=\"col\" class=\"number\">records</th><th scope=\"col\" "
      "class=\"number\">bytes</th>"
      "<th scope=\"col\" class=\"number\">stored</th></tr></thead>\n<tbody>\n",
      Row("<strong>all</strong>", GroupedDigits(section.records()),
          section.decoded_bytes(), section.stored_bytes()));
  for (const ColumnStats& column : section.columns()) {
    absl::StrAppend(&html,
                    Row(Escaped(column.path()), "", column.decoded_bytes(),
                        column.stored_alone_bytes()));
  }
  return absl::StrCat(html, "</tbody></table></div>\n");
}

}  // namespace

std::string StatsPage(const std::string& name, const StateStats& stats) {
  std::string body = absl::StrCat(
      "<p>", Code(name), ": ", GroupedDigits(stats.stream_bytes()), " bytes, ",
      GroupedDigits(stats.header_bytes()), " of header, ",
      GroupedDigits(stats.stored_bytes()), " of ",
      GroupedDigits(stats.chunks()), " chunks (",
      GroupedDigits(stats.decoded_bytes()), " before compression), ",
      GroupedDigits(stats.records()),
      " records.</p>\n<p class=\"quiet\">An area is what is stored. The "
      "columns of a field share its bytes in the proportion of what each takes "
      "compressed alone.</p>\n",
      TreemapHtml(stats));
  for (const SectionStats& section : stats.sections()) {
    absl::StrAppend(&body, SectionHtml(section));
  }
  return PageOf("Where the bytes go", body);
}

}  // namespace devstate
