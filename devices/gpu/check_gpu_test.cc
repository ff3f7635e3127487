// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/gpu/check_gpu.h"

#include <cstdint>

#include "devices/gpu/v1/gpu.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckGpuTest
    : public testing::DeviceCheckTest<::devices::gpu::v1::GpuState> {
 protected:
  CheckGpuTest() : DeviceCheckTest(GpuType(), "gpu") {}
};

TEST_F(CheckGpuTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckGpuTest, BlobAndResourceWithOneNumberAreRefused) {
  state_.mutable_blobs(0)->set_id(6);
  EXPECT_THAT(Check(), Breaks("gpu-resource-id", "blobs[0].id"));
}

TEST_F(CheckGpuTest, PixelsAreThoseOfWidthAndHeight) {
  state_.mutable_resources(0)->set_height(3);
  EXPECT_THAT(Check(), Breaks("gpu-pixels", "resources[0].pixel_bytes"));
}

TEST_F(CheckGpuTest, PixelsThatAreMissingAreRefused) {
  state_.mutable_pixels()->RemoveLast();
  EXPECT_THAT(Check(), Breaks("pieces-not-whole", "pixels"));
}

TEST_F(CheckGpuTest, PixelsOfAResourceThatIsGoneAreRefused) {
  state_.mutable_pixels(0)->set_owner(99);
  EXPECT_THAT(Check(), Breaks("pieces-not-whole", "pixels"));
}

TEST_F(CheckGpuTest, BackingThatIsTooShortIsRefused) {
  state_.mutable_resources(0)->mutable_backing(1)->set_length(7);
  EXPECT_THAT(Check(), Breaks("gpu-backing", "resources[0].backing"));
}

TEST_F(CheckGpuTest, BackingOfABlobThatIsTooShortIsRefused) {
  state_.mutable_blobs(0)->set_size(4097);
  EXPECT_THAT(Check(), Breaks("gpu-backing", "blobs[0].backing"));
}

TEST_F(CheckGpuTest, BackingAtTheEndOfAllAddressesIsRefused) {
  state_.mutable_resources(0)->mutable_backing(1)->set_address(UINT64_MAX - 6);
  EXPECT_THAT(Check(), Breaks("gpu-backing", "resources[0].backing[1]"));
  state_.mutable_resources(0)->mutable_backing(1)->set_address(UINT64_MAX - 7);
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckGpuTest, BlobInMemoryOfTheHostIsRefused) {
  state_.mutable_blobs(0)->set_memory(2);
  EXPECT_THAT(Check(), Breaks("gpu-blob-memory", "blobs[0].memory"));
}

TEST_F(CheckGpuTest, UuidOfAnotherSizeIsRefused) {
  state_.mutable_resources(0)->set_uuid("0123");
  EXPECT_THAT(Check(), Breaks("gpu-uuid", "resources[0].uuid"));
}

TEST_F(CheckGpuTest, ContextWithoutStateIsRefused) {
  state_.mutable_contexts(0)->set_state_bytes(0);
  state_.clear_context_states();
  EXPECT_THAT(Check(), Breaks("gpu-context", "contexts[0]"));
}

TEST_F(CheckGpuTest, ContextOfNoImplementationIsRefused) {
  state_.mutable_contexts(0)->clear_implementation();
  EXPECT_THAT(Check(), Breaks("gpu-context", "contexts[0]"));
}

TEST_F(CheckGpuTest, StateOfAContextIsWhole) {
  state_.mutable_context_states(0)->set_data("stat");
  EXPECT_THAT(Check(), Breaks("pieces-not-whole", "context_states"));
}

TEST_F(CheckGpuTest, ContextWithoutVirglIsRefused) {
  state_.set_acked_features(state_.acked_features() & ~uint64_t{1});
  EXPECT_THAT(Check(), Breaks("feature-not-negotiated", "contexts"));
}

TEST_F(CheckGpuTest, ResourceOfAContextExists) {
  state_.mutable_contexts(0)->set_resources(1, 8);
  EXPECT_THAT(Check(),
              Breaks("gpu-context-resource", "contexts[0].resources[1]"));
}

TEST_F(CheckGpuTest, ScanoutOfNoDisplayIsRefused) {
  state_.mutable_scanouts(1)->set_id(2);
  EXPECT_THAT(Check(), Breaks("gpu-scanout", "scanouts[1].id"));
}

TEST_F(CheckGpuTest, ScanoutOfNoResourceIsRefused) {
  state_.mutable_scanouts(0)->set_resource(99);
  EXPECT_THAT(Check(), Breaks("gpu-scanout", "scanouts[0].resource"));
}

TEST_F(CheckGpuTest, ScanoutBeyondItsResourceIsRefused) {
  state_.mutable_scanouts(0)->set_width(4);
  EXPECT_THAT(Check(), Breaks("gpu-scanout", "scanouts[0]"));
}

TEST_F(CheckGpuTest, ScanoutBeyondItsFramebufferIsRefused) {
  state_.mutable_scanouts(1)->set_y(1);
  EXPECT_THAT(Check(), Breaks("gpu-scanout", "scanouts[1]"));
}

TEST_F(CheckGpuTest, FramebufferOfAResourceIsRefused) {
  state_.mutable_scanouts(0)->mutable_framebuffer();
  EXPECT_THAT(Check(), Breaks("gpu-framebuffer", "scanouts[0].framebuffer"));
}

TEST_F(CheckGpuTest, BlobIsShownByAFramebuffer) {
  state_.mutable_scanouts(1)->clear_framebuffer();
  EXPECT_THAT(Check(), Breaks("gpu-framebuffer", "scanouts[1].framebuffer"));
}

TEST_F(CheckGpuTest, LinesOfAFramebufferDoNotOverlap) {
  state_.mutable_scanouts(1)->mutable_framebuffer()->set_stride(60);
  EXPECT_THAT(Check(),
              Breaks("gpu-framebuffer", "scanouts[1].framebuffer.stride"));
}

TEST_F(CheckGpuTest, FramebufferEndsWithinItsBlob) {
  // The last line ends at 64 + 7 * 566 + 64 bytes.
  auto& framebuffer = *state_.mutable_scanouts(1)->mutable_framebuffer();
  framebuffer.set_stride(566);
  EXPECT_THAT(Check(), BreaksNothing());
  framebuffer.set_stride(567);
  EXPECT_THAT(Check(), Breaks("gpu-framebuffer", "scanouts[1].framebuffer"));
}

TEST_F(CheckGpuTest, CursorOfNoDisplayIsRefused) {
  state_.mutable_cursors(1)->set_scanout(2);
  EXPECT_THAT(Check(), Breaks("gpu-cursor", "cursors[1].scanout"));
}

TEST_F(CheckGpuTest, CursorWithASmallImageIsRefused) {
  state_.mutable_cursors(0)->set_resource(5);
  EXPECT_THAT(Check(), Breaks("gpu-cursor", "cursors[0].resource"));
}

TEST_F(CheckGpuTest, CursorWhoseImageIsABlobIsRefused) {
  state_.mutable_cursors(0)->set_resource(7);
  EXPECT_THAT(Check(), Breaks("gpu-cursor", "cursors[0].resource"));
}

TEST_F(CheckGpuTest, FenceOfNoContextIsRefused) {
  state_.mutable_fences(1)->set_context(2);
  EXPECT_THAT(Check(), Breaks("gpu-fence", "fences[1].context"));
}

TEST_F(CheckGpuTest, CommandThatWaitsForAFenceIsInFlight) {
  state_.clear_inflight();
  EXPECT_THAT(Check(), Breaks("ring-count", "vrings[0]"));
}

}  // namespace
}  // namespace devstate
