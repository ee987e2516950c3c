/*
 * measure ROUNDS COMMAND… [-- COMMAND…]…: runs the commands in turns, in each round in another
 * order, and prints a line for each run: which command, wall time (ns), CPU time (us), peak memory
 * (KiB).
 *
 * In C and not in Python, because a process counts the memory of the one that it was spawned from
 * as its own peak, and because Python's noise would hide what is measured.
 */

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { most_commands = 8, warm_up_rounds = 10 };

extern char** environ;

static char** commands[most_commands];
static int command_count = 0;

static void fail(const char* what) {
  fprintf(stderr, "measure: %s\n", what);
  exit(1);
}

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long microseconds(struct timeval time) {
  return time.tv_sec * 1000000LL + time.tv_usec;
}

static void run(int command, const posix_spawn_file_actions_t* actions, int print) {
  pid_t pid = 0;
  int status = 0;
  struct rusage usage;
  const long long start = nanoseconds();
  if (posix_spawnp(&pid, commands[command][0], actions, NULL, commands[command], environ) != 0)
    fail("a command cannot be started");
  if (wait4(pid, &status, 0, &usage) != pid) fail("a command cannot be waited for");
  const long long wall = nanoseconds() - start;
  if (status != 0) fail("a command failed");
  if (print) {
    printf("%d %lld %lld %ld\n", command, wall,
           microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss);
  }
}

/* The order turns around and moves on, so that each command comes as often first as last. */
static int in_turn(int round, int place) {
  const int forward = (round / 2 + place) % command_count;
  return round % 2 == 0 ? forward : command_count - 1 - forward;
}

int main(int argc, char** argv) {
  const int rounds = argc > 2 ? atoi(argv[1]) : 0;
  if (rounds < 1) fail("usage: measure ROUNDS COMMAND... [-- COMMAND...]...");
  for (int i = 2; i < argc; ++i) {
    const int separator = strcmp(argv[i], "--") == 0;
    if (i == 2 || separator) {
      if (command_count == most_commands) fail("too many commands");
      commands[command_count++] = &argv[separator ? i + 1 : i];
    }
    if (separator) argv[i] = NULL;
  }

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  for (int round = 0; round < warm_up_rounds + rounds; ++round) {
    for (int place = 0; place < command_count; ++place)
      run(in_turn(round, place), &actions, round >= warm_up_rounds);
  }
  return 0;
}
