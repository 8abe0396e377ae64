/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <sanitizer/asan_interface.h>
#include <string.h>

#include "schemas/room.h"

static void gives_until_it_is_full(void **state)
{
    struct corv_room room;
    size_t n = 0;

    (void)state;
    corv_room_init(&room, 100000);
    for (char *p; (p = corv_room_take(&room, 100)); n++) {
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        memset(p, 'x', 100);
    }
    assert_in_range(n, 700, 900); /* 112 bytes each, in six blocks of 16 KiB */
    assert_null(corv_room_take(&room, SIZE_MAX));
    corv_room_free(&room);
    assert_non_null(corv_room_take(&room, 100)); /* usable again */
    corv_room_free(&room);
}

static void goes_back_to_a_mark(void **state)
{
    struct corv_room room;
    struct corv_room_mark mark;
    char *first, *second;

    (void)state;
    corv_room_init(&room, 1000000);
    first = corv_room_take(&room, 10);
    memcpy(first, "kept", sizeof "kept");
    mark = corv_room_mark(&room);
    second = corv_room_take(&room, 10);
    for (int i = 0; i < 100; i++)
        assert_non_null(corv_room_take(&room, 5000));
    corv_room_back(&room, mark);
    assert_string_equal(first, "kept");
    assert_ptr_equal(corv_room_take(&room, 10), second);
    corv_room_free(&room);
}

#ifdef __SANITIZE_ADDRESS__
static void the_sanitizer_sees_what_is_given_out(void **state)
{
    struct corv_room room;
    struct corv_room_mark mark;
    char *p;

    (void)state;
    corv_room_init(&room, 1000000);
    mark = corv_room_mark(&room);
    p = corv_room_take(&room, 10);
    assert_false(__asan_address_is_poisoned(p + 9));
    assert_true(__asan_address_is_poisoned(p + 10));
    (void)corv_room_take(&room, 10);
    assert_true(__asan_address_is_poisoned(p + 10)); /* between the two */
    corv_room_back(&room, mark);
    assert_true(__asan_address_is_poisoned(p));
    assert_ptr_equal(corv_room_take(&room, 3), p);
    assert_false(__asan_address_is_poisoned(p + 2));
    assert_true(__asan_address_is_poisoned(p + 3));
    corv_room_free(&room);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_until_it_is_full),
        cmocka_unit_test(goes_back_to_a_mark),
#ifdef __SANITIZE_ADDRESS__
        cmocka_unit_test(the_sanitizer_sees_what_is_given_out),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
