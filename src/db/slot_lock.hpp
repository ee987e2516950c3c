#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "db/session.hpp"

namespace spider_check::db {

/** A slot's lock that another session holds. */
struct HeldSlot {
  int slot = 0;
  std::optional<LockHolder> holder;
  int backend = 0;  ///< the server's process
};

/** The session-level advisory lock of one slot; see lock_key.hpp for the keys. */
class PgSlotLock final : public SlotLock {
 public:
  /** Null when every slot is taken. Throws DbError, also for a pooler that breaks session locks. */
  [[nodiscard]] static std::unique_ptr<PgSlotLock> try_take(Session& session,
                                                            const std::string& schedule,
                                                            int max_instances);

  /** deciding: also the lock that holds off others. held: false for one that is still to be taken,
   * by take_again(). */
  PgSlotLock(Session& session, std::string schedule, int slot, bool deciding, bool held = true);
  PgSlotLock(const PgSlotLock&) = delete;
  PgSlotLock& operator=(const PgSlotLock&) = delete;
  PgSlotLock(PgSlotLock&&) = delete;
  PgSlotLock& operator=(PgSlotLock&&) = delete;
  ~PgSlotLock() override;

  [[nodiscard]] int slot() const noexcept override { return slot_; }

  void decided() override;
  void release() override;

  /** Takes the same slot on a new connection. False when somebody else has it. Throws DbError. */
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

}  // namespace spider_check::db
