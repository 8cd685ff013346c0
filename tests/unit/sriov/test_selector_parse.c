/* SPDX-License-Identifier: BSD-3-Clause */
/* What is no selector, settings between its words, and that any selector reads back as meant. */
#include "selector_bench.h"

struct refused {
	const char *words, *why;
};

#define KEYS "vendors, devices, drivers, pfNames, rootDevices, pciAddresses, linkTypes, acpiIndexes"

static void
expect_refused(const struct refused *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct selector *s = (struct selector *)&s;
		struct vf_settings settings = {.has_vlan = true, .vlan = 7}, before = settings;
		struct reason why = {""};

		if (selector_parse(&s, &settings, cases[i].words, NULL, &why) != -EINVAL)
			fail_msg("\"%s\": %s", cases[i].words, why.text);
		assert_string_equal(why.text, cases[i].why);
		assert_ptr_equal(s, &s);
		assert_memory_equal(&settings, &before, sizeof(settings));
	}
}

static void
test_ranges_refused(void **state)
{
	static const struct refused cases[] = {
		{"p#", "p#: \"\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#x", "p#x: \"x\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#-1", "p#-1: \"-1\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#1-", "p#1-: \"1-\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#1--2", "p#1--2: \"1--2\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#1-2-3",
	         "p#1-2-3: \"1-2-3\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#0x1", "p#0x1: \"0x1\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#+1", "p#+1: \"+1\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#65536",
	         "p#65536: \"65536\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#0-99999999999999999999",
	         "p#0-99999999999999999999: \"0-99999999999999999999\" is no number 0..65535 of a "
	         "VF and no range like 0-3"},
		{"p#0,1x", "p#0,1x: \"1x\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#0,-3", "p#0,-3: \"-3\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#0#1", "p#0#1: \"0#1\" is no number 0..65535 of a VF and no range like 0-3"},
		{"p#5-3", "p#5-3: 5-3 is reversed; 3-5 is meant?"},
		{"0000:3b:00.0#0,3-1", "0000:3b:00.0#0,3-1: 3-1 is reversed; 1-3 is meant?"},
		{"p#0,0", "p#0,0: VF 0 is there twice"},
		{"p#0-3,2", "p#0-3,2: VF 2 is there twice"},
		{"p#4,2-9", "p#4,2-9: VF 4 is there twice"},
		{"p#0-3,3-5", "p#0-3,3-5: VF 3 is there twice"},
		{"pfNames=p#5-3", "pfNames=p#5-3: 5-3 is reversed; 3-5 is meant?"},
		{"rootDevices=3b:00.0#1,1", "rootDevices=3b:00.0#1,1: VF 1 is there twice"},
		{"good#0 p#1,", "p#1,: an empty item"},
	};

	(void)state;
	expect_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_words_refused(void **state)
{
	static const char none[] =
		"no VF is named: give an address, PF#N, env:RESOURCE, or keys as pfNames=";
	static const struct refused cases[] = {
		{"", none},
		{" \t\n ", none},
		{"mac=02:00:00:00:00:01", none},
		{"ens1f0,", "ens1f0,: an empty item"},
		{",ens1f0", ",ens1f0: an empty item"},
		{"#0", "#0: \"\" is neither a PCI address nor the name of a network device"},
		{"0000:3b:02", "0000:3b:02: \"0000:3b:02\" is no PCI address like 0000:3b:02.1"},
		{"3b:02.8#0", "3b:02.8#0: \"3b:02.8\" is no PCI address like 0000:3b:02.1"},
		{"../../etc",
	         "../../etc: \"../../etc\" is neither a PCI address nor the name of a network "
	         "device"},
		{"..", "..: \"..\" is neither a PCI address nor the name of a network device"},
		{"sixteencharacter",
	         "sixteencharacter: \"sixteencharacter\" is neither a PCI address nor the name of "
	         "a "
	         "network device"},
		{"\x1b[2J\x7f",
	         "?[2J?: \"?[2J?\" is neither a PCI address nor the name of a network device"},
		{"vendors=", "vendors=: an empty item"},
		{"vendors=8086,", "vendors=8086,: an empty item"},
		{"drivers=,igb", "drivers=,igb: an empty item"},
		{"vendors=80861",
	         "vendors=80861: \"80861\" is no id of PCI, up to four hex digits as 8086"},
		{"devices=0x", "devices=0x: \"0x\" is no id of PCI, up to four hex digits as 8086"},
		{"devices=10cg",
	         "devices=10cg: \"10cg\" is no id of PCI, up to four hex digits as 8086"},
		{"devices=-1", "devices=-1: \"-1\" is no id of PCI, up to four hex digits as 8086"},
		{"linkTypes=Ether",
	         "linkTypes=Ether: \"Ether\" is no type of link; there are ether, infiniband"},
		{"vendors=8086 vendors=15b3",
	         "vendors=15b3: vendors is given twice; a list has commas"},
		{"pfNames=0000:3b:00.0",
	         "pfNames=0000:3b:00.0: names of network devices are wanted; addresses of PFs: "
	         "rootDevices="},
		{"rootDevices=ens1f0",
	         "rootDevices=ens1f0: addresses are wanted; names of PFs: pfNames="},
		{"pciAddresses=ens1f0", "pciAddresses=ens1f0: addresses are wanted"},
		{"pciAddresses=3b:00.0#1",
	         "pciAddresses=3b:00.0#1: addresses of VFs are wanted; VFs of a PF by number: "
	         "rootDevices="},
		{"pfnames=ens1f0",
	         "pfnames=ens1f0: no such key of a selector; there are " KEYS
	         ". pfnames: no such setting of a VF; there are mac, vlan, qos, proto, spoofchk, "
	         "trust, link-state, min-tx-rate, max-tx-rate"},
		{"p#0 mac=nonsense", "mac=nonsense: an address like 02:00:00:00:00:01 is wanted"},
		{"p#0 vlan=9", "vlan is given twice"},
		{"p#0 trust=on trust=off", "trust is given twice"},
		{"env:vfs",
	         "\"vfs\": a resource is PREFIX/NAME, as intel.com/vfs_a, or its variable "
	         "(PCIDEVICE_...)"},
		{"env:",
	         "\"\": a resource is PREFIX/NAME, as intel.com/vfs_a, or its variable "
	         "(PCIDEVICE_...)"},
	};

	(void)state;
	expect_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Behind NUMBERS and a comma: a name that begins with a digit needs its "#" to be told apart. */
static void
test_where_numbers_end(void **state)
{
	static const char *const right[] = {"p#0,5p1#1", "p#0,3b:00.0#1", "p#0,3b:00.0", "5p1#0"};
	static const struct refused wrong[] = {
		{"p#0,5p1", "p#0,5p1: \"5p1\" is no number 0..65535 of a VF and no range like 0-3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		struct selector *s = NULL;
		struct reason why;

		if (selector_parse(&s, NULL, right[i], NULL, &why) != 0)
			fail_msg("%s", why.text);
		assert_true(selector_is_exact(s));
		selector_free(s);
	}
	expect_refused(wrong, 1);
}

static void
test_errors_of_the_environment(void **state)
{
	static char *const env[] = {"PCIDEVICE_A_B=junk", NULL};
	struct selector *s = NULL;
	struct reason why;

	(void)state;
	assert_int_equal(selector_parse(&s, NULL, "env:a/b", env, &why), -EINVAL);
	assert_string_equal(why.text, "PCIDEVICE_A_B: \"junk\" is no PCI address");
	assert_int_equal(selector_parse(&s, NULL, "env:a/c", env, &why), -ENOENT);
	assert_string_equal(
		why.text,
		"PCIDEVICE_A_C is not in the environment, which has PCIDEVICE_A_B; is the resource "
		"requested for this container?"
	);
	assert_null(s);
}

static void
test_too_many_ranges(void **state)
{
	struct text t = TEXT_EMPTY;
	struct selector *s = NULL;
	struct reason why;

	(void)state;
	text_puts(&t, "p#0");
	for (int i = 1; i < 256; i++)
		text_printf(&t, ",%d", 2 * i);
	assert_int_equal(selector_parse(&s, NULL, text_str(&t), NULL, &why), 0);
	s = selector_free(s);
	text_puts(&t, ",1001");
	assert_int_equal(selector_parse(&s, NULL, text_str(&t), NULL, &why), -EINVAL);
	assert_non_null(strstr(why.text, ": more than 256 ranges"));
	assert_true(strlen(why.text) < 120);
	text_fini(&t);
}

static void
test_settings_go_beside(void **state)
{
	struct vf_settings settings = {.has_vlan = true, .vlan = 7};
	struct text t = TEXT_EMPTY;
	struct selector *s = NULL;
	struct reason why;

	(void)state;
	assert_int_equal(
		selector_parse(&s, &settings, "trust=on p#0 link_state=auto qos=3", NULL, &why), 0
	);
	assert_true(selector_is_exact(s));
	vf_settings_text(&settings, &t);
	assert_string_equal(text_str(&t), "vlan=7 qos=3 trust=on link-state=auto");
	text_fini(&t);
	s = selector_free(s);
	assert_int_equal(selector_parse(&s, NULL, "p#0 trust=on", NULL, &why), -EINVAL);
	assert_string_equal(why.text, "trust=on: settings of a VF have no place here");
}

/* A generator whose numbers are the same in every run. */
static uint32_t
next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* The VFs that a selector is to mean, in order. */
struct meant {
	const char *addrs[8];
	size_t n;
};

static void
mean(struct meant *m, const char *addr)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->addrs[i], addr) == 0)
			return;
	m->addrs[m->n++] = addr;
}

static const char *const vfs_a[] = {"0000:3b:10.0", "0000:3b:10.2", "0000:3b:10.4", "0000:3b:10.6"};
static const char *const vfs_b[] = {"0000:3b:10.1", "0000:3b:10.3"};

/* The VFs @set (a bit each) of a PF in one way of writing them. */
static void
write_numbers(struct text *t, uint64_t *seed, const char *pf, unsigned set, unsigned nb_vfs)
{
	const char *separator = "#";

	text_puts(t, pf);
	for (unsigned i = 0; i < nb_vfs; i++) {
		unsigned last = i;

		if (!(set & 1u << i))
			continue;
		while (last + 1 < nb_vfs && (set & 1u << (last + 1)) && next_random(seed) % 2)
			last++;
		if (last > i || next_random(seed) % 4 == 0)
			text_printf(t, "%s%u-%u", separator, i, last);
		else
			text_printf(t, "%s%u", separator, i);
		separator = ",";
		i = last;
	}
}

/* One device in one of its spellings, and what it means. */
static void
write_device(struct text *t, uint64_t *seed, struct meant *m)
{
	bool is_a = next_random(seed) % 2 == 0;
	const char *const *vfs = is_a ? vfs_a : vfs_b;
	unsigned nb_vfs = is_a ? 4 : 2, set = 1 + next_random(seed) % ((1u << nb_vfs) - 1);
	unsigned one = next_random(seed) % nb_vfs;

	switch (next_random(seed) % 5) {
	case 0:
		text_puts(t, vfs[one]);
		mean(m, vfs[one]);
		return;
	case 1:
		text_puts(t, vfs[one] + strlen("0000:"));
		mean(m, vfs[one]);
		return;
	case 2:
		text_puts(t, is_a ? "ens1f0" : "ens1f1");
		set = (1u << nb_vfs) - 1;
		break;
	case 3:
		write_numbers(t, seed, is_a ? "ens1f0" : "ens1f1", set, nb_vfs);
		break;
	default:
		write_numbers(t, seed, is_a ? "0000:3b:00.0" : "3B:0.1", set, nb_vfs);
		break;
	}
	for (unsigned i = 0; i < nb_vfs; i++)
		if (set & 1u << i)
			mean(m, vfs[i]);
}

static void
test_any_selector_means_what_was_written(void **state)
{
	uint64_t seed = 5;

	for (int round = 0; round < 5000; round++) {
		struct text words = TEXT_EMPTY, expected = TEXT_EMPTY;
		unsigned devices = 1 + next_random(&seed) % 4;
		struct meant m = {.n = 0};
		struct selector *s = NULL;
		struct reason why = {""};
		char *found;

		for (unsigned i = 0; i < devices; i++) {
			if (i > 0)
				text_puts(&words, next_random(&seed) % 2 ? "," : " ");
			write_device(&words, &seed, &m);
		}
		for (size_t i = 0; i < m.n; i++)
			text_printf(&expected, "%s%s", i > 0 ? " " : "", m.addrs[i]);
		if (selector_parse(&s, NULL, text_str(&words), NULL, &why) != 0)
			fail_msg("%s: %s", text_str(&words), why.text);
		found = selector_found(*state, s, &why);
		if (found == NULL || strcmp(found, text_str(&expected)) != 0)
			fail_msg(
				"%s: %s, not %s (%s)",
				text_str(&words),
				found != NULL ? found : "none",
				text_str(&expected),
				why.text
			);
		free(found);
		selector_free(s);
		text_fini(&words);
		text_fini(&expected);
	}
}

static void
one_name(void **state)
{
	static const char *const names[] = {
		"", "ens1f0", "3b:02.0", "10000:01:00.2", "env", "devinfo"};
	static const char *const others[] = {
		"p#0", "a,b", "drivers=igbvf", "env:a.b/c", "devinfo:/x"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(selector_is_one_name(names[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(selector_is_one_name(others[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_refused),
		cmocka_unit_test(test_words_refused),
		cmocka_unit_test(test_where_numbers_end),
		cmocka_unit_test(test_errors_of_the_environment),
		cmocka_unit_test(test_too_many_ranges),
		cmocka_unit_test(test_settings_go_beside),
		cmocka_unit_test(one_name),
		cmocka_unit_test(test_any_selector_means_what_was_written),
	};

	return cmocka_run_group_tests_name(
		"selector_parse", tests, selector_setup, selector_teardown
	);
}
