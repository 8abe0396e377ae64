/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schemas/vocabulary.h"

static void knows_the_words_of_the_standard(void **state)
{
    static const char *const words[] = {"vtoDi01", "stuurgegevens", "referentienummer",
        "heeftBetrekkingOp", "inp.bsn", "entiteittype", "extraElement", "naam", "contentType",
        "wpl.woonplaatsNaam", "Body", "nil"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!corv_vocabulary_has(corv_view_str(words[i])))
            fail_msg("%s is missing", words[i]);
}

static void says_no_word_of_a_sender(void **state)
{
    static const char *const words[] = {
        "", "Jan", "Jansen", "999323301", "vtoDi0", "vtoDi011", "KanarieWaarde", "stuurgegeven"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (corv_vocabulary_has(corv_view_str(words[i])))
            fail_msg("%s is let through", words[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_words_of_the_standard),
        cmocka_unit_test(says_no_word_of_a_sender),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
