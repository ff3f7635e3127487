// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What releases of Protocol Buffers name in different ways: 3.21, and 22 or
// later.

#ifndef DEVSTATE_THIRD_PARTY_PROTOBUF_COMPAT_PROTOBUF_COMPAT_H_
#define DEVSTATE_THIRD_PARTY_PROTOBUF_COMPAT_PROTOBUF_COMPAT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/common.h"
#include "google/protobuf/util/json_util.h"

// Release 22 is version 4.22 of the C++ library, and the first on Abseil.
#if GOOGLE_PROTOBUF_VERSION >= 4022000
#define DEVSTATE_PROTOBUF_ON_ABSEIL 1
#include "absl/log/globals.h"
#else
#define DEVSTATE_PROTOBUF_ON_ABSEIL 0
#include "google/protobuf/stubs/logging.h"
#endif

namespace devstate {

// How virtual functions of Protocol Buffers are given text.
#if DEVSTATE_PROTOBUF_ON_ABSEIL
using ProtobufText = absl::string_view;
#else
using ProtobufText = const std::string&;
#endif

// The first argument of a member function.
template <typename Function>
struct FirstArgument;
template <typename Result, typename Class, typename First, typename... Others>
struct FirstArgument<Result (Class::*)(First, Others...)> {
  using type = First;
};

// The same for databases of descriptors, which have changed later than the
// rest.
using ProtobufDatabaseText = FirstArgument<
    decltype(&google::protobuf::DescriptorDatabase::FindFileByName)>::type;

// What is wrong in a text. Warnings are dropped.
class TextErrorCollector : public google::protobuf::io::ErrorCollector {
 public:
  // Takes an error. Lines and columns begin with 0; without a place, the line
  // is negative.
  virtual void TakeError(int line, int column, ProtobufText message) = 0;

 private:
  using Column = google::protobuf::io::ColumnNumber;
#if DEVSTATE_PROTOBUF_ON_ABSEIL
  void RecordError(int line, Column column, ProtobufText message) final {
    TakeError(line, column, message);
  }
  void RecordWarning(int, Column, ProtobufText) final {}
#else
  void AddError(int line, Column column, ProtobufText message) final {
    TakeError(line, column, message);
  }
  void AddWarning(int, Column, ProtobufText) final {}
#endif
};

// What is wrong in .proto files, and in the schemas that they make. Warnings
// are dropped.
class SchemaErrorCollector
    : public google::protobuf::compiler::MultiFileErrorCollector,
      public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  // Takes an error in the text of a file, as TextErrorCollector does.
  virtual void TakeError(ProtobufText file, int line, int column,
                         ProtobufText message) = 0;
  // Takes an error in `element` of a file.
  virtual void TakeError(ProtobufText file, ProtobufText element,
                         ErrorLocation location, ProtobufText message) = 0;

 private:
  using Message = google::protobuf::Message;
#if DEVSTATE_PROTOBUF_ON_ABSEIL
  void RecordError(ProtobufText file, int line, int column,
                   ProtobufText message) final {
    TakeError(file, line, column, message);
  }
  void RecordWarning(ProtobufText, int, int, ProtobufText) final {}
  void RecordError(ProtobufText file, ProtobufText element, const Message*,
                   ErrorLocation location, ProtobufText message) final {
    TakeError(file, element, location, message);
  }
  void RecordWarning(ProtobufText, ProtobufText, const Message*, ErrorLocation,
                     ProtobufText) final {}
#else
  void AddError(ProtobufText file, int line, int column,
                ProtobufText message) final {
    TakeError(file, line, column, message);
  }
  void AddWarning(ProtobufText, int, int, ProtobufText) final {}
  void AddError(ProtobufText file, ProtobufText element, const Message*,
                ErrorLocation location, ProtobufText message) final {
    TakeError(file, element, location, message);
  }
  void AddWarning(ProtobufText, ProtobufText, const Message*, ErrorLocation,
                  ProtobufText) final {}
#endif
};

// Returns whether a file says syntax = "proto3".
inline bool IsProto3(const google::protobuf::FileDescriptor& file) {
#if DEVSTATE_PROTOBUF_ON_ABSEIL
  google::protobuf::FileDescriptorProto heading;
  file.CopyHeadingTo(&heading);
  return heading.syntax() == "proto3";
#else
  return file.syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO3;
#endif
}

// Makes JSON hold fields that have their default values, too.
inline void PrintAllFields(google::protobuf::util::JsonPrintOptions* options) {
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  options->always_print_fields_with_no_presence = true;
#else
  options->always_print_primitive_fields = true;
#endif
}

// Keeps the library's log off the standard error of the program.
inline void SilenceProtobuf() {
#if DEVSTATE_PROTOBUF_ON_ABSEIL
  absl::SetMinLogLevel(absl::LogSeverityAtLeast::kInfinity);
#else
  google::protobuf::SetLogHandler(nullptr);
#endif
}

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_PROTOBUF_COMPAT_PROTOBUF_COMPAT_H_
