// Loaded into the program: the NO_DESCRIPTOR_AT-th call that makes a descriptor fails with EMFILE, in
// each process that descends from it by fork alone; the others, and what is executed, are left alone.
// With NO_DESCRIPTOR_TRACE each call that is counted appends its name to that file.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long fail_at;
static long passed;
static const char* trace;

__attribute__((constructor)) static void begin(void) {
  const char* text = getenv("NO_DESCRIPTOR_AT");
  fail_at = text != NULL ? strtol(text, NULL, 10) : 0;
  text = getenv("NO_DESCRIPTOR_TRACE");
  trace = text != NULL ? strdup(text) : NULL;
  // A spider is a program of its own.
  unsetenv("NO_DESCRIPTOR_AT");
  unsetenv("NO_DESCRIPTOR_TRACE");
  unsetenv("LD_PRELOAD");
}

static int fails(const char* name) {
  ++passed;
  if (trace != NULL) {
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND, 0600);
    char line[64];
    const int length = snprintf(line, sizeof line, "%s\n", name);
    if (write(fd, line, (size_t)length) != length) abort();
    syscall(SYS_close, fd);
  }
  if (passed != fail_at) return 0;
  errno = EMFILE;
  return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static mode_t mode_of(int flags, va_list more) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

#define OPEN(name)                               \
  int name(const char* path, int flags, ...) {   \
    va_list more;                                \
    va_start(more, flags);                       \
    const mode_t mode = mode_of(flags, more);    \
    va_end(more);                                \
    if (fails(#name)) return -1;                 \
    return NEXT(name)(path, flags, mode);        \
  }

#define OPENAT(name)                                      \
  int name(int directory, const char* path, int flags, ...) { \
    va_list more;                                         \
    va_start(more, flags);                                \
    const mode_t mode = mode_of(flags, more);             \
    va_end(more);                                         \
    if (fails(#name)) return -1;                          \
    return NEXT(name)(directory, path, flags, mode);         \
  }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

FILE* fopen(const char* path, const char* mode) {
  return fails("fopen") ? NULL : NEXT(fopen)(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  return fails("fopen64") ? NULL : NEXT(fopen64)(path, mode);
}

DIR* opendir(const char* path) {
  return fails("opendir") ? NULL : NEXT(opendir)(path);
}

int socket(int domain, int type, int protocol) {
  return fails("socket") ? -1 : NEXT(socket)(domain, type, protocol);
}

int pipe2(int ends[2], int flags) {
  return fails("pipe2") ? -1 : NEXT(pipe2)(ends, flags);
}

int signalfd(int fd, const sigset_t* mask, int flags) {
  return fails("signalfd") ? -1 : ((int (*)(int, const sigset_t*, int))dlsym(RTLD_NEXT, "signalfd"))(fd, mask, flags);
}

int timerfd_create(int clock, int flags) {
  return fails("timerfd_create") ? -1 : ((int (*)(int, int))dlsym(RTLD_NEXT, "timerfd_create"))(clock, flags);
}

int memfd_create(const char* name, unsigned flags) {
  return fails("memfd_create") ? -1 : NEXT(memfd_create)(name, flags);
}

int dup(int fd) {
  return fails("dup") ? -1 : NEXT(dup)(fd);
}

int dup2(int from, int to) {
  return fails("dup2") ? -1 : NEXT(dup2)(from, to);
}

int dup3(int from, int to, int flags) {
  return fails("dup3") ? -1 : NEXT(dup3)(from, to, flags);
}

static int duplicates(int command) {
  return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
}

int fcntl(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  if (duplicates(command) && fails("fcntl")) return -1;
  return NEXT(fcntl)(fd, command, argument);
}

int fcntl64(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  if (duplicates(command) && fails("fcntl64")) return -1;
  return NEXT(fcntl64)(fd, command, argument);
}

long syscall(long number, ...) {
  va_list more;
  va_start(more, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(more, long);
  va_end(more);
  if (number == SYS_clone && fails("clone")) return -1;
  return ((long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"))(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
