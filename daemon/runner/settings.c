/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/runner/internal.h"

bool bridge_settings_get(const struct bridge *b, struct wire_in *in, struct bridge_settings *out)
{
    uint32_t n = wire_get_u32(in);

    if (n > WIRE_SETTINGS_MAX)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        out->list[i].key = wire_get_text(in);
        out->list[i].value = wire_get_text(in);
        if (!out->list[i].key || !out->list[i].value)
            return false;
    }
    out->entry = (struct corv_host_entry){
        .name = b->name, .library = b->library, .settings = out->list, .settings_count = n};
    return wire_got_all(in);
}
