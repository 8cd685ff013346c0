/* SPDX-License-Identifier: BSD-3-Clause */
/* What the CPU can do for the files of this folder that have a function for it. */
#define ALLOW_EXPERIMENTAL_API /* rte_vect_get_max_simd_bitwidth, up to DPDK 22.11 */

#include "xmit.h"

#include <rte_cpuflags.h>
#include <rte_vect.h>

bool
xmit_avx2_wanted(void)
{
#ifdef RTE_ARCH_X86_64
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0 &&
	       rte_cpu_get_flag_enabled(RTE_CPUFLAG_BMI2) > 0 &&
	       rte_vect_get_max_simd_bitwidth() >= RTE_VECT_SIMD_256;
#else
	return false;
#endif
}
