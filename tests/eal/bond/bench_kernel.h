/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every port of the program has a kernel device whose carrier the bench says (bench.h). To be
 * included by one file of a test that wraps port_if_index and pmd_traits_get.
 */
#pragma once

#include "bench.h"
#include "pmd_traits.h"

uint32_t __wrap_port_if_index(const struct ports *ports, uint16_t id);
uint32_t
__wrap_port_if_index(const struct ports *ports, uint16_t id)
{
	(void)ports;
	return BENCH_IF_INDEX + id;
}

const struct pmd_traits *__wrap_pmd_traits_get(const char *driver);
const struct pmd_traits *
__wrap_pmd_traits_get(const char *driver)
{
	static const struct pmd_traits silent = {.driver = "silent", .link_unreported = true};

	(void)driver;
	return &silent;
}
