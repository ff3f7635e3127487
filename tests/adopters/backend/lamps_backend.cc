// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A back-end with lamps:
//
//   lamps_backend SOCKET [NAME PERCENT RED]...

#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

#include "devstate/backend/backend.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "lamps_device.h"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  lamps::Lamps lamps;
  for (int i = 2; i + 2 < argc; i += 3) {
    const auto red = static_cast<uint32_t>(std::stoul(argv[i + 2]));
    lamps.lit.push_back({argv[i],
                         static_cast<uint32_t>(std::stoul(argv[i + 1])),
                         lamps::ColorRow{red, 0, 0}});
    ++lamps.switched;
  }
  lamps::LampsDevice device(std::move(lamps));
  devstate::StateHandler<lamps::LampsStateCodec> handler(&device);
  devstate::vhost_user::BackendEndpointOptions options;
  options.socket_path = argv[1];
  auto endpoint = devstate::vhost_user::BackendEndpoint::Create(
      &handler, std::move(options));
  if (endpoint.ok()) std::cout << "listening" << std::endl;
  const absl::Status status =
      endpoint.ok() ? (*endpoint)->Serve() : endpoint.status();
  std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
