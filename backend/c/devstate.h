/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Device state of vhost-user back-ends in C: SET_DEVICE_STATE_FD,
 * CHECK_DEVICE_STATE, a verified stream, a verdict on every load. C99 and
 * C++11. docs/integration.md is the guide.
 *
 *   session  the decisions, a pure function        devstate_session_step()
 *   engine   channels, worker thread, deadlines    devstate_engine_*()
 *   stream   typed records to bytes and back       devstate_writer_*, _reader_*
 *   device   engine, stream and verdict            devstate_engine_new()
 *
 * Errors. Functions that can fail return 0 or a negative devstate_code, or
 * NULL. devstate_error() has the text. Nothing prints, nothing exits, no
 * exception leaves; only when memory runs out does the process end, as in C++.
 *
 * Ownership. _new and _open make, _free destroys and takes NULL. Bytes and rows
 * that are given are borrowed for the call, options too; schemas and devices
 * outlive the object. What is handed out lives until the next call on the
 * object. "Takes" a descriptor means that the library closes it, "lends" that
 * it does not. All descriptors that the library opens are close-on-exec.
 *
 * Threads. An object is for one thread at a time, different objects are
 * independent. [any thread] marks what is not bound to that. An engine has one
 * worker thread, with all signals blocked; it calls the device's functions, one
 * at a time. Fork only to exec.
 *
 * ABI. Functions and enumerators are only ever added. A struct that the caller
 * fills starts with `size`, its sizeof: `devstate_limits limits = {.size =
 * sizeof limits}`. New members come last, and zero in them is what there was
 * before. The library refuses a larger struct than its own unless the rest is
 * zero. Enumerators that a caller gives are uint32_t in structs and parameters,
 * because compilers differ in the size of an enum. Structs that the library
 * fills may grow at their end: take pointers.
 */
#ifndef DEVSTATE_DEVSTATE_H_
#define DEVSTATE_DEVSTATE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devstate/devstate_table.h"

#define DEVSTATE_API __attribute__((visibility("default")))
#define DEVSTATE_CHECK __attribute__((warn_unused_result))
#define DEVSTATE_FORMAT(text, first) \
  __attribute__((format(printf, text, first)))

#ifdef __cplusplus
extern "C" {
#endif

/* --- Errors --- */

typedef enum devstate_code {
  DEVSTATE_OK = 0,
  DEVSTATE_EINVAL = -1,   /* misuse, or a value that the schema forbids */
  DEVSTATE_ESYSTEM = -2,  /* no descriptors or threads left */
  DEVSTATE_ELIMIT = -3,   /* a limit; the text names it */
  DEVSTATE_EDAMAGED = -4, /* not the bytes that were written, or not all */
  DEVSTATE_EREFUSED = -5, /* intact, but not for this reader */
  DEVSTATE_EIO = -6,      /* the medium failed or is full */
  DEVSTATE_EPEER = -7,    /* the other end is gone */
  DEVSTATE_ETIMEDOUT = -8,
  /* A newer request, a started ring, a lost front-end. */
  DEVSTATE_ECANCELED = -9,
  DEVSTATE_EDEVICE = -10 /* a function of the device failed */
} devstate_code;

/* The last error on this thread, in one line: what, where, what is allowed. ""
 * if there was none. Valid until the next error on the thread. [any thread] */
DEVSTATE_API const char* devstate_error(void);
/* Its code. [any thread] */
DEVSTATE_API devstate_code devstate_error_code(void);
/* Why a stream was refused, by the name in docs/stream_format.md: "CHECKSUM".
 * "" for other errors. [any thread] */
DEVSTATE_API const char* devstate_error_reason(void);
/* For the device's functions: sets the text of the error that they return.
 * Returns DEVSTATE_EDEVICE. [any thread] */
DEVSTATE_API int devstate_fail(const char* format, ...) DEVSTATE_FORMAT(1, 2);

/* --- Bytes --- */

/* Writes all of `data`. Returns 0 or a negative devstate_code. */
typedef int (*devstate_write_fn)(void* context, const void* data, size_t size);
/* Reads 1 to `size` bytes and returns how many. 0 at the end, a negative
 * devstate_code on error. */
typedef ptrdiff_t (*devstate_read_fn)(void* context, void* data, size_t size);

/* What a reader takes at most, and a writer obeys; 0 is the default
 * (devstate/serializer/limits.h). */
typedef struct devstate_limits {
  uint32_t size;
  uint32_t max_header_bytes;
  uint32_t max_chunk_stored_bytes;
  uint32_t max_chunk_decoded_bytes;
  uint32_t max_chunk_records;
  uint32_t max_chunks;
  uint32_t max_expansion;
  uint64_t max_batch_memory;
  uint64_t max_records;
  uint64_t max_decoded_bytes;
} devstate_limits;

/* --- Writer --- */

typedef struct devstate_writer devstate_writer;

enum {
  DEVSTATE_WRITE_ONE_THREAD = 1 << 0, /* no second one that compresses */
  DEVSTATE_WRITE_NO_SCHEMA = 1 << 1,  /* no descriptors in the header */
  DEVSTATE_WRITE_PLAIN = 1 << 2       /* the simplest encodings only */
};

typedef struct devstate_write_options {
  uint32_t size;
  uint32_t flags;
  const char* implementation; /* the back-end, for the header */
  const char* implementation_version;
  const char* instance;        /* one of several devices */
  const char* compression;     /* "automatic" (NULL), "raw", "zstd", "zstd:3" */
  const char* const* features; /* that are used, up to NULL; NULL: those of
                                  the fields that are set in the root */
  const devstate_limits* limits; /* of the readers; NULL: default */
  uint32_t max_batch_records;    /* 0: default */
  uint32_t max_batch_bytes;
} devstate_write_options;

/* Opens a writer of states of `schema`, which is generated and outlives it.
 * NULL if the options are wrong. */
DEVSTATE_API devstate_writer* devstate_writer_open(
    const devstate_schema* schema, devstate_write_fn write, void* context,
    const devstate_write_options* options);
/* Header and singular fields: once and first. `root` is the root's struct. */
DEVSTATE_API int devstate_writer_begin(devstate_writer* writer,
                                       const void* root) DEVSTATE_CHECK;
/* Adds `count` records of the root's field `number`, structs that lie `stride`
 * bytes apart. Fields come in ascending order. 64 records or more at a time are
 * fastest. After the first error every call returns it. */
DEVSTATE_API int devstate_writer_add(devstate_writer* writer, uint32_t number,
                                     const void* rows, size_t count,
                                     size_t stride) DEVSTATE_CHECK;
/* Without it every reader refuses the stream. */
DEVSTATE_API int devstate_writer_finish(devstate_writer* writer) DEVSTATE_CHECK;
/* Gives the stream up unless it is finished. */
DEVSTATE_API void devstate_writer_free(devstate_writer* writer);

/* --- Reader --- */

typedef struct devstate_reader devstate_reader;

/* A piece of the state. Generated functions give `rows` their type. */
typedef struct devstate_batch {
  uint32_t number; /* of the root's field; 0: the root itself, always first */
  uint32_t row_size;
  size_t count;     /* at least 1 */
  const void* rows; /* valid until the next call on the reader */
} devstate_batch;

/* Reads states of this schema, without a verdict: other versions of it are for
 * a device. NULL if the options are wrong. */
DEVSTATE_API devstate_reader* devstate_reader_open(
    const devstate_schema* schema, devstate_read_fn read, void* context,
    const devstate_limits* limits);
/* 1 and a batch; 0 at the end, when the whole stream was verified: apply
 * nothing before. After an error every call returns it. */
DEVSTATE_API int devstate_reader_next(
    devstate_reader* reader, const devstate_batch** batch) DEVSTATE_CHECK;
DEVSTATE_API void devstate_reader_free(devstate_reader* reader);

/* --- Engine: the two requests, for who parses vhost-user already --- */

typedef struct devstate_engine devstate_engine;

/* A device with a state of bytes. Called on the worker, with all rings stopped.
 * docs/session.md has the order. */
typedef struct devstate_bytes_ops {
  uint32_t size;
  /* Writes the state. Returning 0 is its end. */
  int (*save)(void* device, devstate_write_fn write, void* context);
  /* Reads a state up to its end, verifies it and keeps it aside. */
  int (*load)(void* device, devstate_read_fn read, void* context);
  /* At CHECK_DEVICE_STATE: puts it into force, all or nothing. */
  int (*commit)(void* device);
  /* Forgets what was kept aside. */
  void (*discard)(void* device);
} devstate_bytes_ops;

typedef enum devstate_channel {
  DEVSTATE_CHANNEL_GIVEN = 0, /* the front-end's descriptor */
  DEVSTATE_CHANNEL_PIPE,      /* one of ours, of this kind */
  DEVSTATE_CHANNEL_SOCKETPAIR,
  DEVSTATE_CHANNEL_MEMFD,
  DEVSTATE_CHANNEL_FILE
} devstate_channel;

typedef enum devstate_stage {
  DEVSTATE_SET_REFUSED = 1, /* SET_DEVICE_STATE_FD was */
  DEVSTATE_SET_ACCEPTED,
  DEVSTATE_TRANSFERRED, /* all bytes are through, or the transfer failed */
  DEVSTATE_CHECKED,     /* CHECK_DEVICE_STATE was answered */
  DEVSTATE_ABANDONED /* by a newer request, a started ring, a lost front-end */
} devstate_stage;

/* A step of a transfer, for a log. Filled by the library. */
typedef struct devstate_transfer {
  devstate_stage stage;
  bool load;
  devstate_code code;
  const char* text; /* "" if `code` is 0 */
  uint64_t bytes;
  uint64_t reply; /* of the request that was answered */
} devstate_transfer;

typedef struct devstate_engine_options {
  uint32_t size;
  uint32_t channel;        /* a devstate_channel */
  const char* file_folder; /* of DEVSTATE_CHANNEL_FILE; NULL: $TMPDIR or /tmp */
  uint32_t transfer_ms;    /* 0: 5 minutes in all */
  uint32_t idle_ms;        /* 0: 30 seconds without progress */
  uint32_t check_ms;       /* 0: 60 seconds from CHECK to its answer */
  uint64_t max_bytes;      /* of a transfer; 0: 64 GiB */
  /* Called by the functions below, on their thread. May be NULL. */
  void (*report)(void* device, const devstate_transfer* transfer);
} devstate_engine_options;

/* `device` outlives the engine. NULL if there are no descriptors or threads. */
DEVSTATE_API devstate_engine* devstate_engine_new_bytes(
    const devstate_bytes_ops* ops, void* device,
    const devstate_engine_options* options);
/* Cancels, waits for the worker, discards. */
DEVSTATE_API void devstate_engine_free(devstate_engine* engine);

/* The protocol feature to offer: 1 << 19. */
#define DEVSTATE_PROTOCOL_FEATURE 19
#define DEVSTATE_SET_DEVICE_STATE_FD 42
#define DEVSTATE_CHECK_DEVICE_STATE 43

/* SET_PROTOCOL_FEATURES; the first ring started or the last one stopped; the
 * connection is gone. */
DEVSTATE_API void devstate_engine_negotiated(devstate_engine* engine,
                                             uint64_t protocol_features);
DEVSTATE_API void devstate_engine_running(devstate_engine* engine,
                                          bool any_ring_started);
DEVSTATE_API void devstate_engine_disconnected(devstate_engine* engine);

/* SET_DEVICE_STATE_FD with its payload. Takes `fds`, however many came: not
 * exactly one is refused. Lends `socket`, the front-end's, or -1: as a channel
 * it is refused. */
DEVSTATE_API void devstate_engine_set_fd(devstate_engine* engine,
                                         const void* payload, size_t size,
                                         const int* fds, size_t count,
                                         int socket);
/* CHECK_DEVICE_STATE with the size of its payload. */
DEVSTATE_API void devstate_engine_check(devstate_engine* engine, size_t size);

/* Each request of a connection, before anything else is done about it: in place
 * of devstate_engine_negotiated(), _running(), _set_fd() and _check(). True if
 * it is one of the two. Then it is done with, and `fds` were taken. False if it
 * is another, which is the caller's with its `fds`: what it says of features and
 * rings was noted. Lends `socket` as devstate_engine_set_fd() does. */
DEVSTATE_API bool devstate_engine_request(
    devstate_engine* engine, uint32_t request, const void* payload, size_t size,
    const int* fds, size_t count, int socket) DEVSTATE_CHECK;

/* Lends a descriptor that is readable when there is something to dispatch. */
DEVSTATE_API int devstate_engine_poll_fd(const devstate_engine* engine);
DEVSTATE_API void devstate_engine_dispatch(devstate_engine* engine);
/* Whether a request is unanswered: read no further one until it is. */
DEVSTATE_API bool devstate_engine_owes_reply(const devstate_engine* engine);

typedef struct devstate_reply {
  uint32_t request;
  uint64_t value;
  int fd;              /* to attach, or -1; close it once it was sent */
  uint8_t message[20]; /* header and value, as they go over the socket */
} devstate_reply;

/* 1 and a reply to send, or 0. */
DEVSTATE_API int devstate_engine_take_reply(
    devstate_engine* engine, devstate_reply* reply) DEVSTATE_CHECK;
/* Sends all replies on `socket`, which it lends. Not for libvhost-user and
 * DPDK, which acknowledge a request by themselves: see devstate_engine_wait().
 */
DEVSTATE_API int devstate_engine_send_replies(devstate_engine* engine,
                                              int socket) DEVSTATE_CHECK;
/* Dispatches until nothing is owed, for parsers that cannot answer later. Ends
 * within check_ms after CHECK_DEVICE_STATE. */
DEVSTATE_API void devstate_engine_wait(devstate_engine* engine);
/* Bytes of the current or last transfer. [any thread] */
DEVSTATE_API uint64_t devstate_engine_progress(const devstate_engine* engine);

/* --- Device: records through an engine, with a verdict on every load --- */

/* Worst wins, in this order (docs/compat_rules.md). */
typedef enum devstate_level {
  DEVSTATE_IDENTICAL = 1,
  DEVSTATE_COMPATIBLE,
  DEVSTATE_DEFAULTED,
  DEVSTATE_CONVERTED,
  DEVSTATE_LOSSY,       /* only what its writer declares ignorable is dropped */
  DEVSTATE_CONDITIONAL, /* of two schemas, not of a state */
  DEVSTATE_REFUSED,
  DEVSTATE_DAMAGED
} devstate_level;

typedef enum devstate_event {
  DEVSTATE_SAVED = 1,
  DEVSTATE_VERIFIED, /* a load was read and prepared, or has failed */
  DEVSTATE_COMMITTED
} devstate_event;

/* How a save, a load or its commit went. Filled by the library; valid during
 * the call. */
typedef struct devstate_report {
  devstate_event event;
  devstate_code code;
  const char* text; /* "" if `code` is 0 */
  /* The verdict on a load; on a save as another version, that version's. 0 if
   * there is none. */
  devstate_level level;
  const char* rule;       /* that made the verdict (devstate explain), or "" */
  const char* line;       /* of a load, for the log: rules, paths, remedies */
  uint64_t check_reply;   /* of a load: the answer to CHECK_DEVICE_STATE */
  uint32_t saved_version; /* of a save */
  uint64_t stream_bytes;
  uint64_t decoded_bytes; /* before compression */
  uint64_t records;
} devstate_report;

/* A report() that writes a line to stderr: the verdict on each load, and why
 * anything else failed. [any thread] */
DEVSTATE_API void devstate_report_to_stderr(void* device,
                                            const devstate_report* report);

/* A device with a state of records. Called on the worker, with all rings
 * stopped. A load is staged, which means kept in memory of the device's own
 * until commit(): until then the device stays as it is. */
typedef struct devstate_device_ops {
  uint32_t size;
  /* Writes the state: devstate_writer_begin(), then records, no _finish(). May
   * be called several times for one save and writes the same each time. */
  int (*save)(void* device, devstate_writer* writer);
  /* Starts a load. On error there is nothing to unstage. NULL if `staged_size`
   * is set. */
  int (*stage)(void* device, void** staged);
  /* Takes a piece of the state, root first. Copies what it keeps. */
  int (*batch)(void* staged, const devstate_batch* batch);
  /* The stream is verified: does all that can fail. May be NULL. */
  int (*prepare)(void* staged);
  /* At CHECK_DEVICE_STATE: puts the state into force. NULL if `commit_to` is
   * set. */
  int (*commit)(void* staged);
  /* Frees what stage() made: always last, once, after commit(), too. With
   * `staged_size` it frees what the memory points to, and may be NULL. */
  void (*unstage)(void* staged);
  /* May be NULL. */
  void (*report)(void* device, const devstate_report* report);
  /* The features that the state uses right now, up to NULL, valid until the
   * next call; asked before each save. NULL, or returning NULL: they are found
   * in what save() writes, which is called once more for that if records have
   * features. */
  const char* const* (*features)(void* device);
  /* In place of stage(): a load is staged in so many bytes of zeros, aligned as
   * malloc() does, which the library frees. 0: stage() makes them. */
  size_t staged_size;
  /* In place of commit(), with the device. */
  int (*commit_to)(void* device, void* staged);
} devstate_device_ops;

typedef enum devstate_save_choice {
  DEVSTATE_SAVE_OWN = 0, /* the version of the generated code */
  DEVSTATE_SAVE_LOWEST,  /* the lowest known one that holds all of the state */
  DEVSTATE_SAVE_PINNED   /* `save_version`; a state that does not fit is refused
                          */
} devstate_save_choice;

typedef struct devstate_state_options {
  uint32_t size;
  uint32_t accept;      /* the worst devstate_level that is loaded; 0: LOSSY */
  uint32_t save_choice; /* a devstate_save_choice */
  uint32_t save_version;
  /* `features` is unused: the device says them. NULL: default. */
  const devstate_write_options* write;
  const devstate_limits* limits; /* of loads; NULL: default */
  /* Released versions of the schema: a folder of them, as .proto files or
   * descriptor sets, or the text of a manifest (docs/manifests.md). NULL: what
   * a stream says of its own version is all that is known. */
  const char* released_folder;
  const char* manifest;
  /* A file that each load's report replaces, as JSON. NULL: none. */
  const char* load_report_file;
} devstate_state_options;

/* `schema`, generated, and `device` outlive the engine. NULL if the options are
 * wrong or there are no descriptors or threads. */
DEVSTATE_API devstate_engine* devstate_engine_new(
    const devstate_schema* schema, const devstate_device_ops* ops, void* device,
    const devstate_state_options* state_options,
    const devstate_engine_options* options);
/* Asks whether version `version` of the schema holds the state as it is now, by
 * saving it to nowhere: only with the rings stopped and no transfer. Returns a
 * devstate_level, REFUSED with devstate_error(), or a devstate_code. */
DEVSTATE_API int devstate_engine_pre_check(devstate_engine* engine,
                                           uint32_t version) DEVSTATE_CHECK;
/* An answer to CHECK_DEVICE_STATE in words, or the number alone if there is no
 * libdevstate_judge. Returns as snprintf() does. [any thread] */
DEVSTATE_API int devstate_check_reply_text(uint64_t reply, char* text,
                                           size_t size);
/* Loads libdevstate_judge, which judges and converts states of other versions
 * and words what is wrong with a state. Otherwise it is loaded when it is
 * needed first, and a state that needs it is refused if it cannot be. It is
 * tried once in a process, so that the first answer stays. Call it before a
 * sandbox keeps the process from opening libraries. [any thread] */
DEVSTATE_API int devstate_load_judge(void) DEVSTATE_CHECK;

/* --- Session: the decisions alone (docs/session.md) --- */

/* Both in the order of the table there. */
typedef enum devstate_session_state {
  DEVSTATE_UNNEGOTIATED = 0,
  DEVSTATE_UNNEGOTIATED_RUNNING,
  DEVSTATE_RUNNING,
  DEVSTATE_IDLE,
  DEVSTATE_PREPARING,
  DEVSTATE_SAVING,
  DEVSTATE_LOADING,
  DEVSTATE_AWAITING_DATA,
  DEVSTATE_SAVED_STATE,
  DEVSTATE_LOADED_STATE,
  DEVSTATE_FAILED,
  DEVSTATE_CHECKING_SAVE,
  DEVSTATE_CHECKING_LOAD,
  DEVSTATE_COMMITTING
} devstate_session_state;

typedef enum devstate_session_event {
  DEVSTATE_ON_NEGOTIATED = 0,
  DEVSTATE_ON_NOT_NEGOTIATED,
  DEVSTATE_ON_RINGS_STARTED,
  DEVSTATE_ON_RINGS_STOPPED,
  DEVSTATE_ON_SET_SAVE,
  DEVSTATE_ON_SET_SAVE_STORED,
  DEVSTATE_ON_SET_LOAD,
  DEVSTATE_ON_SET_LOAD_STORED,
  DEVSTATE_ON_SET_UNFIT,
  DEVSTATE_ON_WORK_OK,
  DEVSTATE_ON_WORK_FAILED,
  DEVSTATE_ON_CHECK,
  DEVSTATE_ON_DEADLINE,
  DEVSTATE_ON_DISCONNECTED
} devstate_session_event;

/* Actions, to be carried out lowest bit first. */
enum {
  DEVSTATE_DO_FAIL_OPEN_SET = 1 << 0,
  DEVSTATE_DO_FAIL_OPEN_CHECK = 1 << 1,
  DEVSTATE_DO_CANCEL = 1 << 2,
  DEVSTATE_DO_DISCARD = 1 << 3,
  DEVSTATE_DO_START = 1 << 4,
  DEVSTATE_DO_COMMIT = 1 << 5,
  DEVSTATE_DO_ACCEPT_SET = 1 << 6,
  DEVSTATE_DO_REFUSE_SET = 1 << 7,
  DEVSTATE_DO_PASS_CHECK = 1 << 8,
  DEVSTATE_DO_FAIL_CHECK = 1 << 9
};

/* Moves `*state`, a devstate_session_state, and returns the actions.
 * DEVSTATE_EINVAL for a state or an event that does not exist. [any thread] */
DEVSTATE_API int devstate_session_step(uint32_t* state, uint32_t event);
/* "checking load"; "" for a state that does not exist. [any thread] */
DEVSTATE_API const char* devstate_session_state_name(uint32_t state);
/* Whether a request is unanswered, and whether a timer runs: of the transfer,
 * of CHECK. [any thread] */
DEVSTATE_API bool devstate_session_owes_reply(uint32_t state);
DEVSTATE_API bool devstate_session_transfer_timer(uint32_t state);
DEVSTATE_API bool devstate_session_check_timer(uint32_t state);

#ifdef __cplusplus
}
#endif

#endif /* DEVSTATE_DEVSTATE_H_ */
