/* SPDX-License-Identifier: EUPL-1.2 */
/* Any bytes as what an application sends or answers: a message that was taken out of its wrapping
 * must itself be one that can be read, with the same root. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/dai/message.h"
#include "adapters/dai/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_twice(struct corv_text bytes)
{
    struct dai_message m;
    struct dai_message again;

    if (dai_message_read(bytes, &m) == DAI_READ_OK && m.soap && m.bytes.n > 0) {
        if (dai_message_read(m.bytes, &again) != DAI_READ_OK)
            abort();
        if (!again.soap && strcmp(dai_value_get(&m.root), dai_value_get(&again.root)) != 0)
            abort();
        if (!again.soap && strcmp(dai_value_get(&m.ns), dai_value_get(&again.ns)) != 0)
            abort();
        dai_message_free(&again);
    }
    dai_message_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char type[] = "multipart/related; boundary=b; start=\"<r>\"";
    const struct corv_text bytes = {(const char *)data, size};
    char *out = NULL;
    size_t n = 0;

    read_twice(bytes);
    if (dai_mime_unpack((struct corv_text){type, sizeof type - 1}, bytes, 1 << 20, &out, &n) ==
        DAI_UNPACK_DONE) {
        if (n > 1 << 20)
            abort();
        read_twice((struct corv_text){out, n});
    }
    free(out);
    return 0;
}
