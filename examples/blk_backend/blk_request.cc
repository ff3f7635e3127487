// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/blk_backend/blk_request.h"

#include <endian.h>

#include <algorithm>

#include "absl/status/status.h"
#include "examples/blk_backend/blk_protocol.h"

namespace devstate::blk::examples {
namespace {

using virtqueue::Buffers;

uint8_t StatusByte(const absl::Status& status) {
  return status.ok() ? kBlkOk : kBlkIoError;
}

// A sector beyond all disks for those whose offset overflows.
uint64_t Offset(uint64_t sector) {
  return std::min(sector, UINT64_MAX / kSectorSize - 1) * kSectorSize;
}

uint8_t Write(const Buffers& data, uint64_t sector, const BlkTarget& target) {
  absl::Status status = target.disk->Write(data.parts(), Offset(sector));
  if (status.ok() && !target.writeback) status = target.disk->Flush();
  return StatusByte(status);
}

uint8_t GetId(Buffers data, const BlkTarget& target) {
  std::string id = target.device_id;
  id.resize(kBlkIdSize);
  return data.FillFront(id.data(), id.size()) ? kBlkOk : kBlkIoError;
}

uint8_t FreeOrZero(uint32_t type, Buffers ranges, const BlkTarget& target) {
  if (ranges.size() > kMaxRanges * sizeof(BlkRange)) return kBlkIoError;
  BlkRange range;
  while (ranges.TakeFront(&range, sizeof(range))) {
    const uint64_t offset = Offset(le64toh(range.sector));
    const uint32_t sectors = le32toh(range.num_sectors);
    const uint32_t flags = le32toh(range.flags);
    const bool zeroes = type == kBlkWriteZeroesRequest;
    if ((flags & ~(zeroes ? kBlkUnmap : 0)) != 0) return kBlkUnsupported;
    if (sectors > kMaxRangeSectors) return kBlkIoError;
    const uint64_t size = sectors * kSectorSize;
    const absl::Status status =
        zeroes
            ? target.disk->WriteZeroes(offset, size, (flags & kBlkUnmap) != 0)
            : target.disk->Discard(offset, size);
    if (!status.ok()) return kBlkIoError;
  }
  return ranges.size() == 0 ? kBlkOk : kBlkIoError;
}

}  // namespace

absl::StatusOr<uint32_t> RunBlkRequest(virtqueue::ChainBuffers buffers,
                                       const BlkTarget& target) {
  BlkRequestHeader header;
  Buffers status;
  if (!buffers.readable.TakeFront(&header, sizeof(header)) ||
      !buffers.writable.SplitBack(1, &status)) {
    return absl::InvalidArgumentError(
        "a request without a header or a place for its status");
  }
  const uint32_t type = le32toh(header.type);
  const uint64_t sector = le64toh(header.sector);
  uint32_t written = 1;
  uint8_t result = kBlkUnsupported;
  switch (type) {
    case kBlkIn:
      written += static_cast<uint32_t>(buffers.writable.size());
      result = StatusByte(
          target.disk->Read(buffers.writable.parts(), Offset(sector)));
      break;
    case kBlkOut:
      result = Write(buffers.readable, sector, target);
      break;
    case kBlkFlushRequest:
      result = StatusByte(target.disk->Flush());
      break;
    case kBlkGetId:
      written += kBlkIdSize;
      result = GetId(buffers.writable, target);
      break;
    case kBlkDiscardRequest:
    case kBlkWriteZeroesRequest:
      result = FreeOrZero(type, buffers.readable, target);
      break;
    default:
      break;
  }
  status.FillFront(&result, 1);
  // The text counts from the first byte, so that one that was not written ends
  // the count.
  return result == kBlkOk ? written : 1;
}

}  // namespace devstate::blk::examples
