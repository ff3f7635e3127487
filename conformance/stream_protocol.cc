// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/stream_protocol.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate::conformance {
namespace {

using Json = nlohmann::json;

constexpr uint32_t kMaxTextBytes = 64 * 1024 * 1024;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

absl::StatusOr<Json> Parse(absl::string_view text) {
  Json json = Json::parse(text.begin(), text.end(), nullptr,
                          /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no JSON object: ", text.substr(0, 80)));
  }
  return json;
}

// Returns a text member, empty if there is none.
std::string Text(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>()
                                                   : "";
}

absl::Status Bytes(const Json& json, const char* name, std::string* bytes) {
  const std::string text = Text(json, name);
  if (absl::Base64Unescape(text, bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is no base64"));
}

template <typename Number>
std::optional<Number> NumberOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<Number>();
}

}  // namespace

std::string RequestText(const StreamRequest& request) {
  Json json = {{"do", request.action}};
  if (request.action != "fingerprint") {
    json["stream"] = absl::Base64Escape(request.stream);
  }
  if (!request.schema.empty()) {
    json["schema"] = absl::Base64Escape(request.schema);
    json["root"] = request.root;
  }
  return Dump(json);
}

absl::StatusOr<StreamRequest> ParseRequest(absl::string_view text) {
  DS_ASSIGN_OR_RETURN(const Json json, Parse(text));
  StreamRequest request;
  request.action = Text(json, "do");
  request.root = Text(json, "root");
  DS_RETURN_IF_ERROR(Bytes(json, "stream", &request.stream));
  DS_RETURN_IF_ERROR(Bytes(json, "schema", &request.schema));
  return request;
}

std::string AnswerText(const StreamAnswer& answer) {
  Json json = Json::object();
  switch (answer.kind) {
    case StreamAnswer::Kind::kWhole:
      json["whole"] = true;
      break;
    case StreamAnswer::Kind::kValue:
      // It is JSON already.
      return absl::StrCat("{\"value\":", answer.value, "}");
    case StreamAnswer::Kind::kStream:
      json["stream"] = absl::Base64Escape(answer.stream);
      break;
    case StreamAnswer::Kind::kFingerprint:
      json["fingerprint"] = answer.fingerprint;
      json["canonical"] = absl::Base64Escape(answer.canonical);
      break;
    case StreamAnswer::Kind::kRefused:
      json["refused"] = answer.reason;
      if (answer.offset.has_value()) json["offset"] = *answer.offset;
      if (answer.chunk.has_value()) json["chunk"] = *answer.chunk;
      json["text"] = answer.text;
      break;
    case StreamAnswer::Kind::kSkipped:
      json["skipped"] = answer.text;
      break;
    case StreamAnswer::Kind::kError:
      json["error"] = answer.text;
      break;
  }
  return Dump(json);
}

absl::StatusOr<StreamAnswer> ParseAnswer(absl::string_view text) {
  DS_ASSIGN_OR_RETURN(const Json json, Parse(text));
  StreamAnswer answer;
  if (json.contains("whole")) {
    answer.kind = StreamAnswer::Kind::kWhole;
  } else if (json.contains("value")) {
    answer.kind = StreamAnswer::Kind::kValue;
    answer.value = Dump(json["value"]);
  } else if (json.contains("stream")) {
    answer.kind = StreamAnswer::Kind::kStream;
    DS_RETURN_IF_ERROR(Bytes(json, "stream", &answer.stream));
  } else if (json.contains("fingerprint")) {
    answer.kind = StreamAnswer::Kind::kFingerprint;
    answer.fingerprint = Text(json, "fingerprint");
    DS_RETURN_IF_ERROR(Bytes(json, "canonical", &answer.canonical));
  } else if (json.contains("refused")) {
    answer.kind = StreamAnswer::Kind::kRefused;
    answer.reason = Text(json, "refused");
    answer.offset = NumberOf<uint64_t>(json, "offset");
    answer.chunk = NumberOf<uint32_t>(json, "chunk");
    answer.text = Text(json, "text");
  } else if (json.contains("skipped")) {
    answer.kind = StreamAnswer::Kind::kSkipped;
    answer.text = Text(json, "skipped");
  } else {
    answer.text = Text(json, "error");
  }
  return answer;
}

absl::StatusOr<std::optional<std::string>> ReadText(ByteSource& source) {
  const auto read = [&source](char* out,
                              size_t size) -> absl::StatusOr<size_t> {
    size_t have = 0;
    while (have < size) {
      DS_ASSIGN_OR_RETURN(const size_t got,
                          source.Read(out + have, size - have));
      if (got == 0) break;
      have += got;
    }
    return have;
  };
  unsigned char prefix[4];
  DS_ASSIGN_OR_RETURN(const size_t have,
                      read(reinterpret_cast<char*>(prefix), sizeof(prefix)));
  if (have == 0) return std::optional<std::string>();
  const uint32_t size = uint32_t{prefix[0]} | uint32_t{prefix[1]} << 8 |
                        uint32_t{prefix[2]} << 16 | uint32_t{prefix[3]} << 24;
  if (have == sizeof(prefix) && size > kMaxTextBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a text of ", size, " bytes, allowed are ", kMaxTextBytes,
                     ": does something else write to standard output?"));
  }
  std::string text(have == sizeof(prefix) ? size : 0, '\0');
  DS_ASSIGN_OR_RETURN(const size_t got, read(&text[0], text.size()));
  if (have != sizeof(prefix) || got != text.size()) {
    return absl::DataLossError("the pipe ended within a text");
  }
  return std::optional<std::string>(std::move(text));
}

absl::Status WriteText(absl::string_view text, ByteSink& sink) {
  const uint32_t size = static_cast<uint32_t>(text.size());
  std::string framed;
  for (int shift = 0; shift < 32; shift += 8) {
    framed.push_back(static_cast<char>(size >> shift & 0xff));
  }
  framed.append(text.data(), text.size());
  return sink.Write(framed);
}

}  // namespace devstate::conformance
