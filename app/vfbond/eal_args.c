/* SPDX-License-Identifier: BSD-3-Clause */
/* See eal_args.h. */
#include "eal_args.h"

#include "reason.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A function that no machine has, in the last place of the last domain of 16 bits. */
static const char no_device[] = "ffff:ff:1f.7";

enum { WORD_BYTES = PCI_ADDR_BYTES };

/* EAL's options that pick PCI devices (eal_common_options.c), long ones also shortened. */
struct picker {
	char letter; /* 0: none */
	const char *name;
	size_t least; /* bytes of the name that tell it from EAL's others, with the dashes */
	bool has_value;
};

enum { PICK_ALLOW, PICK_BLOCK, PICK_NO_PCI, PICK_COUNT };
static const struct picker pickers[PICK_COUNT] = {
	[PICK_ALLOW] = {'a', "--allow", sizeof("--a") - 1, true},
	[PICK_BLOCK] = {'b', "--block", sizeof("--bl") - 1, true},
	[PICK_NO_PCI] = {0, "--no-pci", sizeof("--no-p") - 1, false},
};

/* Whether @word is @p; *ret_value is what it holds behind itself, NULL: the next word. */
static bool
is_picker(const struct picker *p, const char *word, const char **ret_value)
{
	size_t len = strcspn(word, "=");

	*ret_value = NULL;
	if (p->letter != 0 && word[0] == '-' && word[1] == p->letter) {
		if (word[2] != '\0')
			*ret_value = word + 2;
		return true;
	}
	if (len < p->least || len > strlen(p->name) || strncmp(word, p->name, len) != 0)
		return false;
	if (word[len] == '=')
		*ret_value = word + len + 1;
	return true;
}

/* What the user's words say. */
struct scan {
	bool picks;   /* any of them */
	bool refuses; /* -b or --no-pci */
	const char *refusal;
	bool *allowed; /* by VF */
};

/* The device's address in front of the arguments of its driver. */
static bool
names_device(const char *value, const struct pci_addr *vf)
{
	size_t len = strcspn(value, ",");
	struct pci_addr addr;
	char word[WORD_BYTES];

	/* "pci:0000:..." is EAL's other spelling. */
	if (strncmp(value, "pci:", 4) == 0) {
		value += 4;
		len -= 4;
	}
	if (len >= sizeof(word))
		return false;
	memcpy(word, value, len);
	word[len] = '\0';
	return pci_addr_parse(word, &addr) == 0 && pci_addr_cmp(&addr, vf) == 0;
}

static void
scan_words(struct scan *s, int argc, char **argv, const struct pci_addr *vfs, size_t nb_vfs)
{
	for (int i = 1; i < argc; i++) {
		for (int p = 0; p < PICK_COUNT; p++) {
			const char *value;

			if (!is_picker(&pickers[p], argv[i], &value))
				continue;
			s->picks = true;
			if (p != PICK_ALLOW) {
				s->refuses = true;
				s->refusal = pickers[p].name;
			}
			if (value == NULL && pickers[p].has_value && i + 1 < argc)
				value = argv[++i];
			for (size_t v = 0; p == PICK_ALLOW && value != NULL && v < nb_vfs; v++)
				if (names_device(value, &vfs[v]))
					s->allowed[v] = true;
			break;
		}
	}
}

/* "-a" and a word for each VF that is not allowed yet, or for none at all. */
static void
append(struct eal_args *a,
       char (*words)[WORD_BYTES],
       const struct scan *s,
       const struct pci_addr *vfs,
       size_t nb_vfs)
{
	static char allow[] = "-a";

	for (size_t v = 0; v < nb_vfs; v++) {
		if (s->allowed[v])
			continue;
		(void)pci_addr_text(&vfs[v], *words);
		a->argv[a->argc++] = allow;
		a->argv[a->argc++] = *words++;
	}
	if (nb_vfs == 0 && !s->picks) {
		strcpy(*words, no_device);
		a->argv[a->argc++] = allow;
		a->argv[a->argc++] = *words;
	}
	a->argv[a->argc] = NULL;
}

int
eal_args_make(
	struct eal_args *ret,
	int argc,
	char **argv,
	const struct pci_addr *vfs,
	size_t nb_vfs,
	struct reason *why
)
{
	/* One more than there are: the word that matches nothing, and calloc(0). */
	size_t nb_words = (size_t)argc + 2 * (nb_vfs + 1) + 1;
	struct scan s = {.allowed = calloc(nb_vfs + 1, sizeof(*s.allowed))};
	struct eal_args a = {.argc = argc};
	char(*words)[WORD_BYTES];

	a.argv = malloc(nb_words * sizeof(*a.argv) + (nb_vfs + 1) * sizeof(*words));
	if (a.argv == NULL || s.allowed == NULL) {
		free(s.allowed);
		free(a.argv);
		return reason_set(why, -ENOMEM, "out of memory");
	}
	scan_words(&s, argc, argv, vfs, nb_vfs);
	if (s.refuses && nb_vfs > 0) {
		free(s.allowed);
		free(a.argv);
		return reason_set(
			why,
			-EINVAL,
			"--vf and EAL's %s contradict each other: the VFs of --vf, and what -a "
			"names, are the only PCI devices in use",
			s.refusal
		);
	}
	memcpy(a.argv, argv, (size_t)argc * sizeof(*argv));
	words = (void *)(a.argv + nb_words);
	append(&a, words, &s, vfs, nb_vfs);
	free(s.allowed);
	*ret = a;
	return 0;
}

void
eal_args_fini(struct eal_args *a)
{
	free(a->argv);
	*a = (struct eal_args){0};
}
