#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/session.hpp"
#include "schedule/spider.hpp"
#include "util/text.hpp"

namespace spider_check {

/** The first half of our advisory lock keys, "spdr" in ASCII, apart from other programs' locks. */
inline constexpr std::int32_t lock_class = 0x73706472;

/** The second half, for what is done in the schema of this oid. */
[[nodiscard]] inline std::int32_t key_of(const std::string& what, std::int64_t schema) {
  return static_cast<std::int32_t>(fnv1a(what + " in " + std::to_string(schema)));
}

[[nodiscard]] inline std::int32_t slot_key(std::int64_t schema, const std::string& schedule,
                                           int slot) {
  return key_of("slot " + std::to_string(slot) + " of " + schedule, schema);
}

/** Held while one of several slots is given to a run. */
[[nodiscard]] inline std::int32_t deciding_key(std::int64_t schema, const std::string& schedule) {
  return key_of("deciding " + schedule, schema);
}

[[nodiscard]] inline std::int32_t migration_key(std::int64_t schema) {
  return key_of("migration", schema);
}

/** Throws DbError: a pooler gives the server's sessions to others between two statements. */
[[noreturn]] void refuse_pooler(const std::string& sign);

/**
 * For a session through a pooler: throws DbError (refused) where that shares the server's sessions,
 * and no lock would last. Makes a second connection to find out.
 */
void refuse_shared_backends(Session& session);

/** A slot's lock that another session holds. */
struct HeldSlot {
  int slot = 0;
  std::optional<LockHolder> holder;
  int backend = 0;  ///< the server's process
};

/** The session-level advisory lock of one slot. */
class PgSlotLock final : public SlotLock {
 public:
  /** Null when every slot is taken. Throws DbError, also for a pooler that breaks session locks. */
  [[nodiscard]] static std::unique_ptr<PgSlotLock> try_take(Session& session,
                                                            const std::string& schedule,
                                                            int max_instances);

  /** deciding: also the lock that holds off others. held: false for one that is still to be taken,
   * by take_again(). */
  PgSlotLock(Session& session, std::string schedule, int slot, bool deciding, bool held = true);
  ~PgSlotLock() override;

  [[nodiscard]] int slot() const noexcept override { return slot_; }

  void decided() override;
  void release() override;

  /** Takes the same slot on a new connection. False when another session has it. Throws DbError. */
  [[nodiscard]] bool take_again();

  /** Who else has this slot, if anybody has it by now. Throws DbError. */
  [[nodiscard]] std::optional<HeldSlot> holder();

  /** The server's process that the lock was taken on last, or 0 where that is not known. */
  [[nodiscard]] int backend() const noexcept { return backend_; }

 private:
  Session& session_;
  std::string schedule_;
  int slot_;
  bool deciding_;
  bool held_;
  int backend_ = 0;
};

/** The slots of a schedule that other sessions hold, in one statement. Throws DbError. */
[[nodiscard]] std::vector<HeldSlot> held_slots(Session& session, const std::string& schedule,
                                               int max_instances);

}  // namespace spider_check
