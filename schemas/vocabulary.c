/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/vocabulary.h"

#include <pthread.h>
#include <stdlib.h>

#include "daemon/base/embedded.h"
#include "daemon/base/words.h"

extern const struct corv_embedded corv_embedded_xsd[];

static const char *const soap_names[] = {"Envelope", "Header", "Body", "Fault", "mustUnderstand",
    "actor", "encodingStyle", "nil", "type", "schemaLocation", "noNamespaceSchemaLocation",
    "Include", "href", "base", "lang", "space", "id"};

/* Written once under the once-lock, read-only afterwards; points into the binary. */
static struct corv_words words;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Every name="…" of one file; types and groups are among them, which does no harm: they are our
 * own words. With out NULL it only counts. */
static size_t collect(const struct corv_embedded *file, struct corv_view *out)
{
    static const char mark[] = " name=\"";
    const char *at = (const char *)file->bytes;
    const char *end = at + file->size;
    size_t found = 0;

    while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1))) {
        const char *begin = at + sizeof mark - 1;
        const char *close = memchr(begin, '"', (size_t)(end - begin));

        if (!close)
            break;
        if (out)
            out[found] = corv_view_of(begin, (size_t)(close - begin));
        found++;
        at = close;
    }
    return found;
}

static void build(void)
{
    size_t soap = sizeof soap_names / sizeof soap_names[0];
    size_t total = soap, count = 0;
    struct corv_view *names;

    for (const struct corv_embedded *f = corv_embedded_xsd; f->name; f++)
        total += collect(f, NULL);
    names = calloc(total, sizeof *names);
    if (!names)
        return; /* then no name is said at all */
    for (size_t i = 0; i < soap; i++)
        names[count++] = corv_view_str(soap_names[i]);
    for (const struct corv_embedded *f = corv_embedded_xsd; f->name; f++)
        count += collect(f, names + count);
    if (corv_words_of(names, count, &words) != CORV_OK)
        words = (struct corv_words){0};
    free(names);
}

bool corv_vocabulary_has(struct corv_view local_name)
{
    (void)pthread_once(&once, build);
    return corv_words_has(&words, local_name);
}
