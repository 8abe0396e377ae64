/* SPDX-License-Identifier: EUPL-1.2 */
/* Any bytes as what corvd answers corv-partner: texts come out ended and within bounds. */
#include <stdint.h>
#include <stdlib.h>

#include "daemon/partner/xml.h"
#include "schemas/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct corv_view bytes = corv_view_of(data, size);
    char text[16];

    if (partner_xml_text(bytes, CORV_NS_STUF, NULL, "crossRefnummer", text, sizeof text) &&
        memchr(text, '\0', sizeof text) == NULL)
        abort();
    (void)partner_xml_text(bytes, CORV_NS_STUF, "body", "code", text, sizeof text);
    if (partner_xml_stuf_root(bytes, text, sizeof text) && strlen(text) != 11)
        abort();
    return 0;
}
