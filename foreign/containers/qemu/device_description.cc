// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A description may have megabytes, so it is parsed as a stream of events and
// never held as a tree. The sizes of the fields add up to the place of the
// state. The place of its size in the text is kept for a replacement.

#include "devstate/foreign/containers/qemu/device_description.h"

#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace devstate {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxSize = uint64_t{1} << 62;
// QEMU's own nesting stays far below.
constexpr size_t kMaxDepth = 256;

// Counts what the parser has taken, because its events carry no place.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const {
    return at_ == other.at_;
  }
  bool operator!=(const CountingIterator& other) const {
    return at_ != other.at_;
  }

 private:
  const char* at_;
  size_t* count_;
};

// Where in the description the parser is.
enum class Level {
  kTop,
  kDevices,
  kDevice,
  kFields,
  kField,
  kSubsections,
  kSubsection,
  // Whatever else there is, with all that is in it. A field's own structure is
  // such: the field's size covers it.
  kOther,
};

struct Frame {
  Level level = Level::kOther;
  std::string key;
  // Of a device, subsection or field.
  std::string name;
  // Of a device or subsection: what its description is called, and the sizes of
  // its fields and subsections so far.
  std::string description_name;
  uint64_t size = 0;
  // Of a field.
  uint64_t array_length = 1;
  size_t size_at = 0;
  size_t size_digits = 0;
  // Of a device or subsection: where in it the state is, and requests in
  // flight.
  absl::optional<StateField> state;
  absl::optional<InflightField> inflight;
  // Of a device.
  absl::optional<VirtioField> virtio;
};

class Handler : public nlohmann::json_sax<Json> {
 public:
  Handler(absl::string_view text, const size_t* count)
      : text_(text), count_(count) {}

  const std::string& error() const { return error_; }
  bool saw_devices() const { return saw_devices_; }
  std::vector<DeviceDescription>& devices() { return devices_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool number_integer(number_integer_t) override {
    // Only negative numbers come here.
    return !MeansSomething() || Fail("a negative number");
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (!MeansSomething()) return true;
    Frame& top = stack_.back();
    if (top.level == Level::kDevice) {
      (top.key == "instance_id" ? device_.instance
                                : device_.version.emplace()) = value;
      return true;
    }
    if (value > kMaxSize) return Fail("too large a size");
    if (top.key == "array_len") {
      top.array_length = value;
      return true;
    }
    // The parser has looked at one character after the number.
    const std::string digits = absl::StrCat(value);
    const size_t end = *count_ - 1;
    if (end < digits.size() ||
        text_.substr(end - digits.size(), digits.size()) != digits) {
      return Fail("a size that is no plain decimal number");
    }
    top.size = value;
    top.size_at = end - digits.size();
    top.size_digits = digits.size();
    return true;
  }

  bool string(string_t& value) override {
    if (stack_.empty()) return true;
    Frame& top = stack_.back();
    if (top.key == "name") {
      if (top.level == Level::kDevice) device_.name = value;
      if (top.level == Level::kField) top.name = value;
    } else if (top.key == "vmsd_name" && (top.level == Level::kDevice ||
                                          top.level == Level::kSubsection)) {
      top.description_name = value;
    }
    return true;
  }

  bool key(string_t& value) override {
    stack_.back().key = value;
    return true;
  }

  bool start_object(size_t) override {
    Level level = Level::kOther;
    if (stack_.empty()) {
      level = Level::kTop;
    } else if (stack_.back().level == Level::kDevices) {
      level = Level::kDevice;
      device_ = DeviceDescription();
    } else if (stack_.back().level == Level::kFields) {
      level = Level::kField;
    } else if (stack_.back().level == Level::kSubsections) {
      level = Level::kSubsection;
    }
    return Push(level);
  }

  bool start_array(size_t) override {
    Level level = Level::kOther;
    if (!stack_.empty()) {
      const Frame& top = stack_.back();
      if (top.level == Level::kTop && top.key == "devices") {
        level = Level::kDevices;
        saw_devices_ = true;
      } else if (top.level == Level::kDevice ||
                 top.level == Level::kSubsection) {
        if (top.key == "fields") level = Level::kFields;
        if (top.key == "subsections") level = Level::kSubsections;
      }
    }
    return Push(level);
  }

  bool end_array() override {
    stack_.pop_back();
    return true;
  }

  bool end_object() override {
    Frame ended = std::move(stack_.back());
    stack_.pop_back();
    switch (ended.level) {
      case Level::kField:
        return EndField(ended);
      case Level::kSubsection:
        return EndSubsection(ended);
      case Level::kDevice:
        if (devices_.size() == kMaxDevices) return Fail("too many devices");
        device_.type = std::move(ended.description_name);
        device_.body_size = ended.size;
        device_.virtio = ended.virtio;
        device_.state = ended.state;
        device_.inflight = ended.inflight;
        devices_.push_back(std::move(device_));
        return true;
      default:
        return true;
    }
  }

  bool parse_error(size_t, const std::string&,
                   const Json::exception&) override {
    return Fail("no JSON");
  }

 private:
  bool Fail(absl::string_view what) {
    error_ = absl::StrCat("at character ", *count_, ": ", what);
    return false;
  }

  bool Push(Level level) {
    if (stack_.size() >= kMaxDepth) return Fail("nested too deeply");
    stack_.emplace_back();
    stack_.back().level = level;
    return true;
  }

  // Whether the number that comes now is one of those that are kept.
  bool MeansSomething() const {
    if (stack_.empty()) return false;
    const Frame& top = stack_.back();
    if (top.level == Level::kDevice) {
      return top.key == "instance_id" || top.key == "version";
    }
    return top.level == Level::kField &&
           (top.key == "size" || top.key == "array_len");
  }

  bool Add(uint64_t size, uint64_t* sum) {
    if (__builtin_add_overflow(*sum, size, sum) || *sum > kMaxSize) {
      return Fail("sizes that add up to too much");
    }
    return true;
  }

  bool EndField(const Frame& field) {
    // Its array is in a device or a subsection.
    Frame& owner = stack_[stack_.size() - 2];
    uint64_t size = 0;
    if (__builtin_mul_overflow(field.size, field.array_length, &size)) {
      return Fail("too large an array");
    }
    absl::optional<StateField::Place> place;
    if (owner.level == Level::kSubsection) {
      if (owner.description_name == kFsStateSubsection &&
          field.name == "back-end") {
        place = StateField::Place::kWhole;
      } else if (owner.description_name == kInflightSubsection &&
                 field.name == "inflight" && field.array_length == 1) {
        owner.inflight = InflightField{owner.size, size};
      }
    } else if (owner.description_name == "virtio-net" &&
               field.name == "virtio") {
      place = StateField::Place::kInside;
    }
    if (owner.level == Level::kDevice && field.name == "virtio" &&
        field.array_length == 1) {
      owner.virtio =
          VirtioField{owner.size, size, field.size_at, field.size_digits};
    }
    if (place.has_value() && field.array_length == 1) {
      owner.state = StateField{*place, owner.size, size, field.size_at,
                               field.size_digits};
    }
    return Add(size, &owner.size);
  }

  bool EndSubsection(const Frame& subsection) {
    Frame& owner = stack_[stack_.size() - 2];
    // Type, length of the name, name, version.
    uint64_t header = 1 + 1 + subsection.description_name.size() + 4;
    if (subsection.state.has_value() && owner.level == Level::kDevice) {
      owner.state = subsection.state;
      owner.state->offset += owner.size + header;
    }
    if (subsection.inflight.has_value() && owner.level == Level::kDevice) {
      owner.inflight = subsection.inflight;
      owner.inflight->offset += owner.size + header;
    }
    return Add(header, &owner.size) && Add(subsection.size, &owner.size);
  }

  const absl::string_view text_;
  const size_t* const count_;
  std::vector<Frame> stack_;
  DeviceDescription device_;
  std::vector<DeviceDescription> devices_;
  bool saw_devices_ = false;
  std::string error_;
};

}  // namespace

absl::StatusOr<std::vector<DeviceDescription>> ParseDeviceDescription(
    absl::string_view text) {
  size_t count = 0;
  Handler handler(text, &count);
  const char* const end = text.data() + text.size();
  if (!Json::sax_parse(CountingIterator(text.data(), &count),
                       CountingIterator(end, &count), &handler)) {
    return absl::InvalidArgumentError(handler.error());
  }
  if (!handler.saw_devices()) {
    return absl::InvalidArgumentError("no list of devices");
  }
  return std::move(handler.devices());
}

}  // namespace devstate
