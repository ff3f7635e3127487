// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// 64 MiB of scan-outs through the generated codec of devices.gpu.v1.

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "devices/gpu/v1/gpu.devstate.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/bench/heap_peak.h"

namespace devices::gpu::v1 {
namespace {

using ::devstate::ERROR_REASON_NO_TRAILER;
using ::devstate::GetErrorDetail;
using ::devstate::MemorySource;
using ::devstate::testing::IsOk;

constexpr uint32_t kScanouts = 8;
constexpr uint32_t kWidth = 2048;
constexpr uint32_t kHeight = 1024;
constexpr size_t kLine = 4 * kWidth;
constexpr size_t kImage = kLine * kHeight;

using Images = std::map<uint32_t, std::string>;

// Images of which no two lines are the same.
Images MakeImages() {
  Images images;
  for (uint32_t id = 1; id <= kScanouts; ++id) {
    std::string& image = images[id];
    image.assign(kImage, static_cast<char>(id));
    for (uint32_t line = 0; line < kHeight; ++line) {
      std::memcpy(&image[line * kLine], &line, sizeof(line));
    }
  }
  return images;
}

// Keeps what is written, and where each write ended.
class Recorder : public devstate::ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    stream.append(bytes.data(), bytes.size());
    ends.push_back(stream.size());
    return absl::OkStatus();
  }

  std::string stream;
  std::vector<size_t> ends;
};

// Saves the images, half of them line by line.
absl::Status Save(const Images& images, devstate::ByteSink* sink) {
  devstate::WriterOptions options;
  // So that each chunk is large enough to be written for itself.
  options.compression = devstate::Compression::Raw();
  GpuStateWriter writer(sink, options);
  GpuState root;
  root.mutable_config()->set_num_scanouts(kScanouts);
  DS_RETURN_IF_ERROR(writer.Begin(root));
  for (const auto& [id, image] : images) {
    ResourceRow resource;
    resource.id = id;
    resource.format = 2;
    resource.width = kWidth;
    resource.height = kHeight;
    resource.pixel_bytes = image.size();
    DS_RETURN_IF_ERROR(writer.AddResources(resource));
  }
  for (const auto& [id, image] : images) {
    ScanoutRow scanout;
    scanout.id = id - 1;
    scanout.resource = id;
    scanout.width = kWidth;
    scanout.height = kHeight;
    DS_RETURN_IF_ERROR(writer.AddScanouts(scanout));
  }
  for (const auto& [id, image] : images) {
    devstate::PieceWriter pixels = writer.WritePixelsOf(id);
    const size_t span = id % 2 == 0 ? kLine : image.size();
    for (size_t line = 0; line < image.size(); line += span) {
      DS_RETURN_IF_ERROR(
          pixels.Append(absl::string_view(image).substr(line, span)));
    }
    DS_RETURN_IF_ERROR(pixels.Finish());
  }
  return writer.Finish();
}

// Puts each piece where it belongs, and checks nothing.
class Loader : public GpuStateVisitor {
 public:
  absl::Status OnRoot(const GpuState&) override { return absl::OkStatus(); }
  absl::Status OnResources(ResourcesBatch& batch) override {
    ResourceRow row;
    while (batch.Next(&row)) images[row.id].resize(row.pixel_bytes);
    return absl::OkStatus();
  }
  absl::Status OnPixels(PixelsBatch& batch) override {
    PieceRow row;
    while (batch.Next(&row)) {
      std::memcpy(&images[static_cast<uint32_t>(row.owner)][row.offset],
                  row.data.data(), row.data.size());
      loaded += row.data.size();
    }
    return absl::OkStatus();
  }
  absl::Status OnBlobs(BlobsBatch&) override { return absl::OkStatus(); }
  absl::Status OnContexts(ContextsBatch&) override { return absl::OkStatus(); }
  absl::Status OnScanouts(ScanoutsBatch&) override { return absl::OkStatus(); }
  absl::Status OnCursors(CursorsBatch&) override { return absl::OkStatus(); }
  absl::Status OnFences(FencesBatch&) override { return absl::OkStatus(); }
  absl::Status OnVrings(VringsBatch&) override { return absl::OkStatus(); }
  absl::Status OnInflight(InflightBatch&) override { return absl::OkStatus(); }
  absl::Status OnContextStates(ContextStatesBatch&) override {
    return absl::OkStatus();
  }

  Images images;
  uint64_t loaded = 0;
};

absl::Status Load(absl::string_view stream, Loader* loader) {
  MemorySource source(stream);
  GpuStateReader reader(&source);
  return reader.Read(*loader);
}

TEST(GpuTransferTest, ImagesArriveAsTheyWere) {
  const Images images = MakeImages();
  Recorder recorder;
  ASSERT_THAT(Save(images, &recorder), IsOk());
  Loader loader;
  ASSERT_THAT(Load(recorder.stream, &loader), IsOk());
  EXPECT_EQ(loader.loaded, 64u << 20);
  EXPECT_TRUE(loader.images == images);
}

TEST(GpuTransferTest, EachEndTakesAtMostFourMibBesideTheImages) {
  constexpr size_t kMost = size_t{4} << 20;
  const Images images = MakeImages();
  devstate::NullSink drain;
  devstate::bench::StartHeapPeak();
  ASSERT_THAT(Save(images, &drain), IsOk());
  EXPECT_LE(devstate::bench::HeapPeak(), kMost);

  Recorder recorder;
  ASSERT_THAT(Save(images, &recorder), IsOk());
  Loader loader;
  devstate::bench::StartHeapPeak();
  ASSERT_THAT(Load(recorder.stream, &loader), IsOk());
  EXPECT_LE(devstate::bench::HeapPeak(), kScanouts * kImage + kMost);
}

TEST(GpuTransferTest, SourceThatIsKilledAfterAnyPieceHasSavedNothing) {
  const Images images = MakeImages();
  Recorder recorder;
  ASSERT_THAT(Save(images, &recorder), IsOk());
  // Each chunk has three pieces at most.
  ASSERT_GE(recorder.ends.size(), 64 * 4 / 3);
  ASSERT_EQ(recorder.ends.back(), recorder.stream.size());
  recorder.ends.pop_back();
  for (const size_t end : recorder.ends) {
    Loader loader;
    const absl::Status status =
        Load(absl::string_view(recorder.stream).substr(0, end), &loader);
    const auto detail = GetErrorDetail(status);
    ASSERT_TRUE(detail.has_value()) << end;
    EXPECT_EQ(detail->reason, ERROR_REASON_NO_TRAILER) << end;
  }
}

}  // namespace
}  // namespace devices::gpu::v1
