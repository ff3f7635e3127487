// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/read_whole_state.h"

#include "devstate/compat/gate/stream_gate.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::Status ReadWholeState(ByteSource* source,
                            google::protobuf::Message* state) {
  const SchemaModel schema = BuildSchemaModel(*state->GetDescriptor());
  DynamicStateReader reader(source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* const header, reader.ReadHeader());
  StreamGate gate({state->GetDescriptor(), &schema}, GateOptions());
  DS_RETURN_IF_ERROR(gate.OnHeader(*header));
  reader.SetFilter(&gate);
  StateCollector collector(state);
  DS_RETURN_IF_ERROR(reader.Read(schema, collector));
  return gate.OnEnd();
}

}  // namespace devstate
