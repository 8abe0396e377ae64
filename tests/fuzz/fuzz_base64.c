/* SPDX-License-Identifier: EUPL-1.2 */
/* The base64 check against libxml2's xs:base64Binary, whose place it takes: the same verdict
 * whatever the bytes, and the same counts in pieces as whole. The first byte chooses the pieces. */
#include <libxml/xmlschemastypes.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base64_check.h"
#include "schemas/verdict.h"

int LLVMFuzzerInitialize(int *argc, char ***argv); // NOLINT: the library decides how it looks
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) // NOLINT
{
    (void)argc;
    (void)argv;
    corv_schemas_init();
    return 0;
}

static struct corv_base64 check(const char *text, size_t n, size_t step, size_t *first)
{
    struct corv_base64 b = {0};

    *first = n;
    for (size_t at = 0; at < n; at += step) {
        size_t length = n - at < step ? n - at : step;
        size_t wrong = corv_base64_add(&b, corv_view_of(text + at, length));

        if (wrong > length)
            abort();
        if (wrong < length && *first == n)
            *first = at + wrong;
    }
    return b;
}

static void compare(const char *text, const struct corv_base64 *b)
{
    xmlSchemaTypePtr type = xmlSchemaGetBuiltInType(XML_SCHEMAS_BASE64BINARY);
    int said = xmlSchemaValidatePredefinedType(type, (const xmlChar *)text, NULL);

    if (said >= 0 && (said == 0) != corv_base64_valid(b))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;

    size_t n = size - 1;
    char *text = malloc(n + 1);
    size_t first = 0;
    size_t first_of_parts = 0;

    if (!text)
        return 0;
    memcpy(text, data + 1, n);
    text[n] = '\0';

    struct corv_base64 whole = check(text, n, n ? n : 1, &first);
    struct corv_base64 parts = check(text, n, data[0] % 16 + 1u, &first_of_parts);

    if (whole.chars != parts.chars || whole.blanks != parts.blanks || whole.pad != parts.pad ||
        whole.strange != parts.strange || whole.late != parts.late || first != first_of_parts)
        abort();
    if (strlen(text) == n) /* a NUL never gets as far as here: the bytes check refuses it */
        compare(text, &whole);
    if (corv_base64_valid(&whole) && corv_base64_bytes(&whole) > n)
        abort();
    free(text);
    return 0;
}
