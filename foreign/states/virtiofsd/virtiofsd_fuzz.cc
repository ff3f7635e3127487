// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes, as a state of virtiofsd and as a devstate stream. What is taken
// must come back as the same bytes; anything else is refused without harm.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "devstate/foreign/states/virtiofsd/virtiofsd.h"

namespace {

using ::devstate::ByteSink;
using ::devstate::ByteSource;
using ::devstate::ForeignFormat;
using ::devstate::ForeignReport;
using ::devstate::OpenSource;
using ::devstate::WriterOptions;

class ViewSource : public ByteSource {
 public:
  explicit ViewSource(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const absl::string_view part = bytes_.substr(0, size);
    std::memcpy(buffer, part.data(), part.size());
    bytes_.remove_prefix(part.size());
    return part.size();
  }

 private:
  absl::string_view bytes_;
};

class StringSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    written.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  std::string written;
};

OpenSource Opening(absl::string_view bytes) {
  return [bytes]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    return std::shared_ptr<ByteSource>(std::make_shared<ViewSource>(bytes));
  };
}

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ForeignFormat& format = devstate::virtiofsd::Format();
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  StringSink stream;
  const absl::StatusOr<ForeignReport> imported =
      format.import_state(Opening(input), WriterOptions(), &stream);
  if (!imported.ok() || imported->refused()) {
    Require(stream.written.empty());
  } else {
    Require(format.recognise(input.substr(0, 64)));
    StringSink back;
    const absl::StatusOr<ForeignReport> exported =
        format.export_state(Opening(stream.written), imported->version, &back);
    Require(exported.ok() && !exported->refused());
    Require(back.written == input);
  }
  StringSink state;
  const absl::StatusOr<ForeignReport> exported =
      format.export_state(Opening(input), "V1", &state);
  if (!exported.ok() || exported->refused()) Require(state.written.empty());
  return 0;
}
