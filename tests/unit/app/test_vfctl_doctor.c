/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl doctor` over trees of files: its text, its JSON, its status. */
#include "host_check_tree.h"
#include "vfctl.h"

#include <getopt.h>
#include <jansson.h>

struct run {
	int status;
	char out[16384];
};

/* Run it with standard output in a file. */
static void
doctor(const struct tree *t, const char *option, struct run *ret)
{
	char name[] = "doctor", *argv[] = {name, (char *)(uintptr_t)option, NULL};
	struct vfctl c = {.command = "doctor", .host = {.fs = t->fs}};
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);
	size_t n;

	assert_true(file != NULL && out >= 0);
	fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	optind = 0; /* as main() does */
	ret->status = cmd_doctor(&c, option != NULL ? 2 : 1, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(file);
	n = fread(ret->out, 1, sizeof(ret->out) - 1, file);
	ret->out[n] = '\0';
	fclose(file);
}

static void
says_what_is_found(void **state)
{
	struct run r;

	doctor(*state, NULL, &r);
	assert_int_equal(r.status, STATUS_OK);
	assert_memory_equal(r.out, "SUBJECT ", 8);
	assert_non_null(strstr(r.out, "\niommu         ok     active, 1 groups"));
	assert_null(strstr(r.out, "=>"));
}

static void
a_failed_finding_is_its_status(void **state)
{
	struct run r;

	tree_put(*state, POOL "/nr_hugepages", "0\n");
	doctor(*state, NULL, &r);
	assert_int_equal(r.status, STATUS_FAILED);
	assert_non_null(strstr(r.out, "\nhugepages     failed  none are reserved\n"));
	assert_non_null(strstr(r.out, "  => echo 512 > " POOL "/nr_hugepages\n"));
	doctor(*state, "--json", &r);
	assert_int_equal(r.status, STATUS_FAILED);
}

/* A warning is for people: the machine works. */
static void
a_warning_is_not(void **state)
{
	struct run r;

	tree_put(*state, POOL "/free_hugepages", "0\n");
	doctor(*state, NULL, &r);
	assert_int_equal(r.status, STATUS_OK);
	assert_non_null(strstr(r.out, "hugepages     warning"));
}

static void
json_says_the_same(void **state)
{
	const json_t *first, *second;
	struct run r;
	json_t *all;

	tree_put(*state, POOL "/free_hugepages", "0\n");
	doctor(*state, "--json", &r);
	assert_int_equal(r.status, STATUS_OK);
	all = json_loads(r.out, 0, NULL);
	assert_int_equal(json_array_size(all), 11);
	first = json_array_get(all, 0);
	assert_string_equal(json_string_value(json_object_get(first, "subject")), "hugepages");
	assert_string_equal(json_string_value(json_object_get(first, "state")), "warning");
	assert_non_null(strstr(json_string_value(json_object_get(first, "found")), "(0 free)"));
	assert_non_null(strstr(json_string_value(json_object_get(first, "remedy")), "echo 2048"));
	second = json_array_get(all, 1);
	assert_true(json_is_null(json_object_get(second, "remedy")));
	json_decref(all);
}

static void
refuses_what_it_does_not_know(void **state)
{
	struct run r;

	doctor(*state, "ens1f0", &r);
	assert_int_equal(r.status, STATUS_USAGE);
	assert_string_equal(r.out, "");
	doctor(*state, "--fix", &r);
	assert_int_equal(r.status, STATUS_USAGE);
	assert_string_equal(r.out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_what_is_found, machine_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			a_failed_finding_is_its_status, machine_setup, tree_teardown
		),
		cmocka_unit_test_setup_teardown(a_warning_is_not, machine_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(json_says_the_same, machine_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_what_it_does_not_know, machine_setup, tree_teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
