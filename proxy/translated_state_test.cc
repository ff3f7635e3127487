// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// States of a back-end that knows nothing of devstate, through a proxy at each
// end. The back-end is a device whose state is any string.

#include <poll.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "devstate/compat/verdict.h"
#include "devstate/foreign/foreign_formats.h"
#include "devstate/proxy/served_proxy.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::FakeDevice;
using ::devstate::testing::Gate;
using ::devstate::testing::IsOk;
using ::devstate::testing::Pattern;
using ::devstate::testing::RawPeer;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::devstate::testing::TempFolder;
using ::devstate::testing::TwoU32;
using ::testing::HasSubstr;
using vhost_user::FrontendEndpoint;
using vhost_user::TransferResult;

std::string TestData(const std::string& name,
                     const std::string& program = "virtiofsd") {
  std::ifstream file("foreign/states/" + program + "/testdata/" + name,
                     std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// A device, its endpoint and a proxy before it.
class ProxiedDevice {
 public:
  explicit ProxiedDevice(std::string state, ProxyOptions options = {}) {
    device.state = std::move(state);
    vhost_user::BackendEndpointOptions served;
    served.socket_path = folder_.path() + "/device.sock";
    auto endpoint =
        vhost_user::BackendEndpoint::Create(&device, std::move(served));
    EXPECT_THAT(endpoint, IsOk());
    endpoint_ = *std::move(endpoint);
    thread_ = std::thread([this] { EXPECT_THAT(endpoint_->Serve(), IsOk()); });
    options.backend.socket = folder_.path() + "/device.sock";
    proxy_.emplace(std::move(options));
    EXPECT_TRUE(proxy_->runs());
  }
  ~ProxiedDevice() {
    proxy_.reset();
    endpoint_->Stop();
    thread_.join();
  }

  std::unique_ptr<FrontendEndpoint> Negotiated() {
    auto frontend = FrontendEndpoint::FromSocket(proxy_->Connect());
    EXPECT_THAT(frontend, IsOk());
    EXPECT_THAT((*frontend)->Negotiate(), IsOk());
    return *std::move(frontend);
  }
  // Returns what the front-end gets.
  std::string Save() {
    StringSink saved;
    const auto result = Negotiated()->SaveState(ChannelKind::kPipe, saved);
    EXPECT_THAT(result, IsOk());
    EXPECT_TRUE(result->ok()) << proxy_->log();
    return saved.bytes;
  }
  TransferResult Load(std::string state) {
    StringSource source(std::move(state));
    const auto result = Negotiated()->LoadState(ChannelKind::kPipe, source);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : TransferResult();
  }
  std::string log() const { return proxy_->log(); }
  FileDescriptor Connect() const { return proxy_->Connect(); }
  std::string path() const { return proxy_->path(); }

  FakeDevice device;

 private:
  const TempFolder folder_;
  std::unique_ptr<vhost_user::BackendEndpoint> endpoint_;
  std::thread thread_;
  std::optional<ServedProxy> proxy_;
};

ProxyOptions Reading(absl::string_view format, bool allow_raw = false) {
  ProxyOptions options;
  auto parsed = ParseBackendFormat(format);
  EXPECT_THAT(parsed, IsOk());
  options.translation.rules.format = *std::move(parsed);
  options.translation.rules.allow_raw = allow_raw;
  return options;
}

// Options of a proxy whose back-end is of this implementation.
ProxyOptions Named(const std::string& name, const std::string& version) {
  ProxyOptions options;
  options.backend.implementation = name;
  options.backend.implementation_version = version;
  return options;
}

TEST(TranslatedStateTest, AStateOfVirtiofsdTravelsAsAPortableStream) {
  const std::string state = TestData("open-fp.state");
  ProxiedDevice source(state);
  const std::string stream = source.Save();
  EXPECT_TRUE(absl::StartsWith(stream, kStreamMagic));
  EXPECT_THAT(source.log(), HasSubstr("to devices.fs.v1"));
  // This one is asked for its format by a save of its own.
  ProxiedDevice destination(TestData("neverinit-fp.state"));
  EXPECT_TRUE(destination.Load(stream).ok()) << destination.log();
  EXPECT_EQ(destination.device.state, state);
  EXPECT_EQ(destination.device.commits, 1);
}

TEST(TranslatedStateTest, TheVersionThatTheBackEndReadsIsWritten) {
  ProxiedDevice source(TestData("open-fp.state"));
  const std::string stream = source.Save();
  ProxiedDevice destination("", Reading("virtiofsd:V1"));
  EXPECT_TRUE(destination.Load(stream).ok()) << destination.log();
  EXPECT_THAT(destination.log(), HasSubstr("to virtiofsd V1"));
  EXPECT_EQ(destination.device.saves, 0);
  EXPECT_TRUE(FindForeignFormat("virtiofsd")
                  ->recognise(destination.device.state.substr(0, 64)));
  EXPECT_NE(destination.device.state, TestData("open-fp.state"));
  // And back.
  ProxiedDevice newer(TestData("neverinit-fp.state"));
  EXPECT_TRUE(newer.Load(destination.Save()).ok()) << newer.log();
  EXPECT_EQ(newer.device.state, TestData("open-fp.state"));
}

TEST(TranslatedStateTest, ABackEndOfDevstateGetsTheStreamAsItIs) {
  ProxiedDevice source(TestData("open-fp.state"));
  const std::string stream = source.Save();
  ProxiedDevice native("", Reading("devstate"));
  EXPECT_TRUE(native.Load(stream).ok());
  EXPECT_EQ(native.device.state, stream);
  EXPECT_EQ(native.Save(), stream);
}

TEST(TranslatedStateTest, ADamagedStreamNeverReachesTheBackEnd) {
  ProxiedDevice source(TestData("open-fp.state"));
  const std::string stream = source.Save();
  ProxiedDevice destination("as it was", Reading("virtiofsd"));
  for (size_t at = 0; at < stream.size(); at += 97) {
    SCOPED_TRACE(at);
    std::string damaged = stream;
    damaged[at] ^= 0x10;
    const TransferResult result = destination.Load(damaged);
    EXPECT_TRUE(result.checked);
    // The high byte says that it is devstate's, the next one: damaged.
    EXPECT_EQ(result.check_reply >> 56, 0xd5u);
    EXPECT_FALSE(destination.Load(stream.substr(0, at)).ok());
  }
  EXPECT_EQ(destination.device.state, "as it was");
  EXPECT_EQ(destination.device.loads, 0);
  EXPECT_EQ(destination.device.saves, 0);
  EXPECT_THAT(destination.log(), HasSubstr("the back-end is as it was"));
  EXPECT_THAT(destination.log(), HasSubstr("devstate explain"));
  // And a good one loads next.
  EXPECT_TRUE(destination.Load(stream).ok());
}

TEST(TranslatedStateTest, ARawStateIsTakenOnlyIfAllowed) {
  const std::string state = TestData("open-fp.state");
  ProxiedDevice strict("as it was", Reading("virtiofsd"));
  const TransferResult refused = strict.Load(state);
  EXPECT_THAT(CheckReplyText(refused.check_reply), HasSubstr("not-a-stream"));
  EXPECT_EQ(strict.device.state, "as it was");
  EXPECT_THAT(strict.log(), HasSubstr("--allow-raw"));
  ProxiedDevice allowing("", Reading("virtiofsd:V2", /*allow_raw=*/true));
  EXPECT_TRUE(allowing.Load(state).ok()) << allowing.log();
  EXPECT_EQ(allowing.device.state, state);
  ProxiedDevice unknown("", Reading("devstate", /*allow_raw=*/true));
  EXPECT_TRUE(unknown.Load(Pattern(100000)).ok()) << unknown.log();
  EXPECT_EQ(unknown.device.state, Pattern(100000));
}

TEST(TranslatedStateTest, ASaveInAKnownFormatMayTravelInAnEnvelope) {
  const std::string state = TestData("open-fp.state");
  ProxyOptions options = Named("virtiofsd", "1.13.2");
  options.translation.form = StateForm::kEnvelope;
  ProxiedDevice source(state, std::move(options));
  const std::string stream = source.Save();
  ProxiedDevice destination("", Named("virtiofsd", "1.14.0"));
  EXPECT_TRUE(destination.Load(stream).ok()) << destination.log();
  EXPECT_EQ(destination.device.state, state);
  EXPECT_THAT(destination.log(),
              HasSubstr("an envelope of virtiofsd 1.13.2, virtiofsd V2"));
  // It is converted as a raw state is.
  ProxyOptions older = Named("virtiofsd", "1.14.0");
  older.translation.rules.format = *ParseBackendFormat("virtiofsd:V1");
  ProxiedDevice downgraded("", std::move(older));
  EXPECT_TRUE(downgraded.Load(stream).ok()) << downgraded.log();
  EXPECT_NE(downgraded.device.state, state);
}

TEST(TranslatedStateTest, AnUnknownStateTravelsInAnEnvelope) {
  ProxiedDevice source(Pattern(600000), Named("nobody", "1.2"));
  const std::string stream = source.Save();
  EXPECT_TRUE(absl::StartsWith(stream, kStreamMagic));
  EXPECT_THAT(source.log(), HasSubstr("an envelope of nobody 1.2"));
  // Nobody asks it for its format, which could be any.
  ProxiedDevice destination("as it was", Named("nobody", "1.10"));
  EXPECT_TRUE(destination.Load(stream).ok()) << destination.log();
  EXPECT_EQ(destination.device.state, Pattern(600000));
  EXPECT_EQ(destination.device.saves, 0);
}

// Serves one connection until it has saved its state.
void SaveOnce(UnixListener& listener) {
  pollfd entry = {listener.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);
  auto socket = listener.Accept();
  ASSERT_THAT(socket, IsOk());
  RawPeer peer(*std::move(socket));
  while (true) {
    const vhost_user::Message request = peer.Receive();
    uint64_t answer = 0;
    if (request.request == 0) return;  // the proxy has closed
    if (request.request == vhost_user::kGetFeatures) {
      answer = vhost_user::kVhostUserFProtocolFeatures;
    } else if (request.request == vhost_user::kGetProtocolFeatures) {
      answer = vhost_user::kProtocolFDeviceState;
    } else if (request.request == vhost_user::kSetDeviceStateFd) {
      answer = vhost_user::kSetStateNoFd;
      ASSERT_EQ(request.fds.size(), 1u);
      ASSERT_TRUE(
          devstate::testing::WriteAll(request.fds[0].get(), Pattern(1000)));
    }
    if (!vhost_user::HasReply(request.request)) continue;
    ASSERT_TRUE(peer.Send(request.request, vhost_user::U64Payload(answer), {},
                          vhost_user::kReplyFlags));
    if (request.request == vhost_user::kCheckDeviceState) return;
  }
}

TEST(TranslatedStateTest, ABackEndMayEndAsSoonAsItHasSaved) {
  const TempFolder folder;
  auto listener = UnixListener::Listen(folder.path() + "/back.sock");
  ASSERT_THAT(listener, IsOk());
  std::thread backend([&] { SaveOnce(*listener); });
  ProxyOptions options = Named("nobody", "1.2");
  options.backend.socket = folder.path() + "/back.sock";
  ServedProxy proxy(std::move(options));
  RawPeer front(proxy.Connect());
  front.Negotiate();
  ChannelEnds ends = devstate::testing::MakeChannel();
  EXPECT_EQ(front.SetDeviceState(0, 0, std::move(ends.write_end)),
            vhost_user::kSetStateNoFd);
  backend.join();
  EXPECT_TRUE(absl::StartsWith(
      devstate::testing::ReadAll(ends.read_end.get()), kStreamMagic));
  EXPECT_EQ(front.Call(vhost_user::kCheckDeviceState), 0u);
  // Now nobody is left to serve it: the connection is closed.
  EXPECT_EQ(front.Receive().request, 0u);
}

TEST(TranslatedStateTest, AnEnvelopeOfAnotherImplementationIsRefused) {
  ProxiedDevice source(Pattern(1000), Named("nobody", "1.2"));
  const std::string stream = source.Save();
  ProxyOptions options = Named("somebody", "1.2");
  ProxiedDevice destination("as it was", std::move(options));
  const TransferResult refused = destination.Load(stream);
  EXPECT_THAT(CheckReplyText(refused.check_reply),
              HasSubstr("[device-refused]"));
  EXPECT_EQ(destination.device.state, "as it was");
  EXPECT_EQ(destination.device.loads, 0);
  EXPECT_THAT(destination.log(),
              HasSubstr("implementation: saved by nobody 1.2, this back-end is "
                        "somebody 1.2 [opaque-implementation]"));
  // A policy may say that it is all the same.
  ProxyOptions listed = Named("somebody", "1.2");
  listed.translation.rules.policy = *EnvelopePolicy::Parse("listed nobody 1.2");
  ProxiedDevice other("", std::move(listed));
  EXPECT_TRUE(other.Load(stream).ok()) << other.log();
  EXPECT_EQ(other.device.state, Pattern(1000));
}

TEST(TranslatedStateTest, ADamagedEnvelopeNeverReachesTheBackEnd) {
  ProxiedDevice source(Pattern(100000), Named("nobody", "1.2"));
  const std::string stream = source.Save();
  ProxiedDevice destination("as it was", Named("nobody", "1.2"));
  for (size_t at = 0; at < stream.size(); at += 4999) {
    SCOPED_TRACE(at);
    std::string damaged = stream;
    damaged[at] ^= 0x10;
    EXPECT_EQ(destination.Load(damaged).check_reply >> 56, 0xd5u);
    EXPECT_FALSE(destination.Load(stream.substr(0, at)).ok());
  }
  EXPECT_EQ(destination.device.loads, 0);
  EXPECT_EQ(destination.device.state, "as it was");
}

TEST(TranslatedStateTest, AStateThatDoesNotConvertBackTravelsInAnEnvelope) {
  const std::string state = TestData("one-flow.state", "passt");
  ProxiedDevice source(state, Named("passt", "2025_05_03"));
  const std::string stream = source.Save();
  ProxiedDevice destination(TestData("no-flow.state", "passt"),
                            Named("passt", "2025_05_03"));
  EXPECT_TRUE(destination.Load(stream).ok()) << destination.log();
  EXPECT_EQ(destination.device.state, state);
  EXPECT_THAT(destination.log(),
              HasSubstr("an envelope of passt 2025_05_03, passt 2"));
  // As it is, where the source has no proxy.
  ProxiedDevice raw("", Reading("auto", /*allow_raw=*/true));
  raw.device.state = TestData("no-flow.state", "passt");
  EXPECT_TRUE(raw.Load(state).ok()) << raw.log();
  EXPECT_EQ(raw.device.state, state);
  // A stream is no state of it, and cannot become one.
  ProxiedDevice other(TestData("open-fp.state"));
  EXPECT_FALSE(raw.Load(other.Save()).ok());
  EXPECT_EQ(raw.device.state, state);
  EXPECT_THAT(raw.log(), HasSubstr("which devstate does not write"));
}

// Transfers with a proxy before the one of `inner`.
class OuterProxy {
 public:
  OuterProxy(const ProxiedDevice& inner, StateForm form) {
    ProxyOptions options;
    options.backend.socket = inner.path();
    options.translation.form = form;
    proxy_.emplace(std::move(options));
    frontend_ = *FrontendEndpoint::FromSocket(proxy_->Connect());
    EXPECT_THAT(frontend_->Negotiate(), IsOk());
  }

  std::string Save() {
    StringSink saved;
    EXPECT_TRUE(frontend_->SaveState(ChannelKind::kPipe, saved)->ok());
    return saved.bytes;
  }
  bool Load(std::string state) {
    StringSource source(std::move(state));
    return frontend_->LoadState(ChannelKind::kPipe, source)->ok();
  }
  std::string log() const { return proxy_->log(); }

 private:
  std::optional<ServedProxy> proxy_;
  std::unique_ptr<FrontendEndpoint> frontend_;
};

TEST(TranslatedStateTest, OfTwoProxiesInARowTheInnerOneMakesTheEnvelope) {
  ProxiedDevice source(Pattern(1000), Named("nobody", "1.2"));
  const std::string stream = source.Save();
  for (const StateForm form :
       {StateForm::kRaw, StateForm::kPortable, StateForm::kEnvelope}) {
    EXPECT_EQ(OuterProxy(source, form).Save(), stream);
  }
  ProxiedDevice destination("as it was", Named("nobody", "1.2"));
  {
    // One that judges envelopes does so by what it knows, which is not whose
    // they are.
    OuterProxy judging(destination, StateForm::kPortable);
    EXPECT_FALSE(judging.Load(stream));
    EXPECT_THAT(judging.log(), HasSubstr("[opaque-implementation]"));
  }
  EXPECT_EQ(destination.device.state, "as it was");
  EXPECT_TRUE(OuterProxy(destination, StateForm::kRaw).Load(stream));
  EXPECT_EQ(destination.device.state, Pattern(1000));
}

TEST(TranslatedStateTest, APortableStreamPassesTwoProxiesInARow) {
  const std::string state = TestData("open-fp.state");
  ProxiedDevice source(state);
  const std::string stream = OuterProxy(source, StateForm::kPortable).Save();
  EXPECT_EQ(stream, source.Save());
  ProxiedDevice destination(TestData("neverinit-fp.state"));
  EXPECT_TRUE(OuterProxy(destination, StateForm::kPortable).Load(stream));
  EXPECT_EQ(destination.device.state, state);
}

TEST(TranslatedStateTest, ARefusedSaveIsToldToTheFrontEnd) {
  ProxiedDevice source(TestData("open-fp.state"));
  source.device.save_result = absl::InternalError("refused on purpose");
  StringSink saved;
  const auto result = source.Negotiated()->SaveState(ChannelKind::kPipe, saved);
  ASSERT_THAT(result, IsOk());
  EXPECT_NE(result->check_reply, 0u);
  EXPECT_EQ(saved.bytes, "");
  EXPECT_THAT(source.log(), HasSubstr("save failed"));
}

TEST(TranslatedStateTest, TheBackEndsOwnRefusalIsItsAnswer) {
  ProxiedDevice source(TestData("open-fp.state"));
  const std::string stream = source.Save();
  ProxiedDevice destination("", Reading("virtiofsd"));
  destination.device.commit_result = absl::InternalError("refused on purpose");
  destination.device.check_reply = 0x1234;
  EXPECT_EQ(destination.Load(stream).check_reply, 0x1234u);
}

TEST(TranslatedStateTest, OtherRequestsWaitForTheTransferWithTheBackEnd) {
  Gate gate;
  ProxiedDevice source(Pattern(1000));
  source.device.before_finish = &gate;
  RawPeer frontend(source.Connect());
  frontend.Negotiate();
  ChannelEnds ends = devstate::testing::MakeChannel();
  EXPECT_EQ(frontend.SetDeviceState(0, 0, std::move(ends.write_end)),
            vhost_user::kSetStateNoFd);
  while (source.device.saves == 0) std::this_thread::yield();
  // Its answer must not be mixed up with those of the save.
  ASSERT_TRUE(frontend.Send(vhost_user::kGetQueueNum));
  gate.Open();
  const vhost_user::Message reply = frontend.Receive();
  EXPECT_EQ(reply.request, vhost_user::kGetQueueNum);
  EXPECT_TRUE(absl::StartsWith(devstate::testing::ReadAll(ends.read_end.get()),
                               kStreamMagic));
  EXPECT_EQ(frontend.Call(vhost_user::kCheckDeviceState), 0u);
}

TEST(TranslatedStateTest, AFrontEndThatLeavesEndsTheTransferWithTheBackEnd) {
  Gate gate;
  ProxiedDevice source(Pattern(1000));
  source.device.before_finish = &gate;
  {
    RawPeer frontend(source.Connect());
    frontend.Negotiate();
    ChannelEnds ends = devstate::testing::MakeChannel();
    EXPECT_EQ(frontend.SetDeviceState(0, 0, std::move(ends.write_end)),
              vhost_user::kSetStateNoFd);
    while (source.device.saves == 0) std::this_thread::yield();
  }
  gate.Open();
  EXPECT_TRUE(absl::StartsWith(source.Save(), kStreamMagic));
}

TEST(BackendFormatTest, NamesAndVersionsAreParsed) {
  EXPECT_TRUE(ParseBackendFormat("auto")->automatic);
  EXPECT_EQ(ParseBackendFormat("devstate")->foreign, nullptr);
  EXPECT_EQ(ParseBackendFormat("virtiofsd:V1")->version, "V1");
  for (const char* wrong : {"", "virtiofsd:V9", "virtiofsd:", "nobody"}) {
    EXPECT_THAT(
        ParseBackendFormat(wrong),
        ::devstate::testing::StatusIs(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("virtiofsd:V1")));
  }
}

}  // namespace
}  // namespace devstate::proxy
