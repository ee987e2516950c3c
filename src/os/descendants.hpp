#pragma once

namespace spider_check::os {

/**
 * Kills every process below this one and reaps it, until there is none, however far it went to
 * hide: this process must be a subreaper, so that each orphan becomes its child.
 */
void kill_descendants() noexcept;

}  // namespace spider_check::os
