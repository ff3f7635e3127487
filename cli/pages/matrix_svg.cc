// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/pages/matrix_page.h"
#include "cli/pages/page.h"
#include "cli/pages/page_style.h"
#include "devstate/compat/rules.h"

namespace devstate {
namespace {

constexpr size_t kRowHeight = 28;
constexpr size_t kCellWidth = 110;
// Wide enough for most fonts: a letter of 14 pixels.
constexpr size_t kLetterWidth = 9;

class Picture {
 public:
  void Add(const MatrixTable& table) {
    size_t name_width = table.names.empty() ? 0 : 4;
    for (const std::string& name : table.names) {
      name_width = std::max(name_width, name.size());
    }
    const size_t left = (name_width + 2) * kLetterWidth;
    Text(8, table.schema, "font-weight=\"bold\"");
    NextRow();
    for (size_t reader = 0; reader < table.names.size(); ++reader) {
      Text(left + reader * kCellWidth + 8, table.names[reader]);
    }
    NextRow();
    for (size_t writer = 0; writer < table.names.size(); ++writer) {
      Text(8, table.names[writer]);
      for (size_t reader = 0; reader < table.names.size(); ++reader) {
        Cell(table, writer, reader, left + reader * kCellWidth);
      }
      NextRow();
    }
    NextRow();
    width_ = std::max({width_, left + table.names.size() * kCellWidth + 8,
                       table.schema.size() * kLetterWidth + 16});
  }

  std::string Take() const {
    return absl::StrCat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", width_, " ",
        top_, "\" width=\"", width_, "\" height=\"", top_,
        "\" font-family=\"system-ui, sans-serif\" font-size=\"14\">\n"
        "<title>Who loads whose states</title>\n<style>",
        kPageStyle, kPictureStyle, "</style>\n",
        "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n", shapes_,
        "</svg>\n");
  }

 private:
  static constexpr char kPictureStyle[] =
      "text { fill: var(--text); }\n.paper { fill: var(--page); }\n";

  void NextRow() { top_ += kRowHeight; }

  void Text(size_t x, absl::string_view text, absl::string_view more = "") {
    absl::StrAppend(&shapes_, "<text x=\"", x, "\" y=\"", top_ + 19, "\" ",
                    more, ">", Escaped(text), "</text>\n");
  }

  void Cell(const MatrixTable& table, size_t writer, size_t reader, size_t x) {
    const MatrixVerdict& cell = table.Cell(writer, reader);
    const std::string verdict = LevelName(cell.level);
    std::string reasons = absl::StrCat(table.names[writer], " → ",
                                       table.names[reader], ": ", verdict);
    for (const std::string& rule : RulesOf(cell)) {
      absl::StrAppend(&reasons, ", ", rule);
    }
    absl::StrAppend(
        &shapes_, "<g><title>", Escaped(reasons), "</title><rect x=\"", x,
        "\" y=\"", top_, "\" width=\"", kCellWidth - 2, "\" height=\"",
        kRowHeight - 2, "\" style=\"fill: var(--", verdict, ")\"/>\n<text x=\"",
        x + 6, "\" y=\"", top_ + 19, "\" style=\"fill: var(--", verdict,
        "-text)\">", VerdictMark(verdict), " ", verdict, "</text></g>\n");
  }

  size_t top_ = 8;
  size_t width_ = 0;
  std::string shapes_;
};

}  // namespace

std::string MatrixSvg(const std::vector<MatrixTable>& tables) {
  Picture picture;
  for (const MatrixTable& table : tables) picture.Add(table);
  return picture.Take();
}

}  // namespace devstate
