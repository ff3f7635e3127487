// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a state of a device: fs, net or blk, as its header says. The
// generated reader takes what the gate takes and refuses the rest; what it
// takes is written, and reads the same.

#include <cstdint>
#include <string>

#include "devices/blk/v1/blk.devstate.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devices/net/v1/net.devstate.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"
#include "tests/codegen/row_copier.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::fuzz::PromiseWritten;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

namespace fs {
using namespace ::devices::fs::v1;  // NOLINT
DEVSTATE_ROW_COPIER(FsState, DEVSTATE_COPY(Inodes) DEVSTATE_COPY(Handles)
                                 DEVSTATE_COPY(MountPaths))
}  // namespace fs
namespace net {
using namespace ::devices::net::v1;  // NOLINT
DEVSTATE_ROW_COPIER(NetState, DEVSTATE_COPY(QueueCoalescing)
                                  DEVSTATE_COPY(Vrings) DEVSTATE_COPY(Inflight))
}  // namespace net
namespace blk {
using namespace ::devices::blk::v1;  // NOLINT
DEVSTATE_ROW_COPIER(BlkState, DEVSTATE_COPY(Vrings) DEVSTATE_COPY(Inflight))
}  // namespace blk

// Reads `stream` behind `gate` if there is one, and writes what it reads.
template <typename Codec, typename Copy>
absl::Status Rewrite(const std::string& stream, StreamGate* gate,
                     std::string* written) {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.embed_descriptor_set = false;
  StringSource source(stream);
  StringSink sink;
  typename Codec::Reader reader(&source);
  Copy copier(&sink, options);
  if (gate != nullptr) {
    DS_ASSIGN_OR_RETURN(const auto* header, reader.ReadHeader());
    DS_RETURN_IF_ERROR(gate->OnHeader(*header));
    reader.SetFilter(gate);
  }
  DS_RETURN_IF_ERROR(reader.Read(copier));
  if (gate != nullptr) DS_RETURN_IF_ERROR(gate->OnEnd());
  PromiseWritten(copier.writer.Finish());
  *written = sink.written;
  return absl::OkStatus();
}

template <typename Codec, typename Copy>
void Check(const std::string& stream) {
  const SchemaView& schema = GeneratedSchema(Codec::Schema().root_message);
  std::string alone;
  const absl::Status read =
      Rewrite<Codec, Copy>(stream, /*gate=*/nullptr, &alone);

  StreamGate gate(schema, GateOptions());
  std::string behind;
  const absl::Status judged = Rewrite<Codec, Copy>(stream, &gate, &behind);
  const Verdict verdict = gate.Judge(judged);
  Promise((verdict.level() < VERDICT_LEVEL_REFUSED) == judged.ok(),
          "a state loads exactly if its verdict says so",
          VerdictText(verdict) + "\n" + judged.ToString());
  Promise((CheckReplyValue(verdict, judged) == 0) == judged.ok(),
          "CHECK_DEVICE_STATE is answered with 0 exactly if it loads");
  Promise(VerdictText(verdict).find('\n') == std::string::npos,
          "a verdict is one line", VerdictText(verdict));
  if (verdict.level() == VERDICT_LEVEL_IDENTICAL) {
    Promise(read.ok() && alone == behind,
            "the gate changes no state of its own", read.ToString());
  }
  if (!judged.ok()) return;
  std::string again;
  const absl::Status back =
      Rewrite<Codec, Copy>(behind, /*gate=*/nullptr, &again);
  Promise(back.ok() && again == behind, "what is written reads the same",
          back.ToString());
}

void Run(const std::string& stream) {
  StringSource source(stream);
  StreamReader reader(&source);
  const auto header = reader.ReadHeader();
  if (!header.ok()) return;
  const std::string& root = (*header)->root_message;
  if (root == "devices.net.v1.NetState") {
    Check<devices::net::v1::NetStateCodec, net::RowCopier>(stream);
  } else if (root == "devices.blk.v1.BlkState") {
    Check<devices::blk::v1::BlkStateCodec, blk::RowCopier>(stream);
  } else {
    Check<devices::fs::v1::FsStateCodec, fs::RowCopier>(stream);
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
