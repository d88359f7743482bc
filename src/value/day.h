/*
 * day.h
 *		Days as text, as a broker's integers, and as steps of calendar months.
 */
#ifndef CRM_DAY_H
#define CRM_DAY_H

#include "utils/date.h"

extern const char *crm_as_of_setting(void);

extern bool crm_day_parse(const char *text, size_t length, DateADT *day);
extern bool crm_timestamp_parse(const char *text, size_t length, Timestamp *moment,
                                bool *has_offset);
extern char *crm_day_text(DateADT day);
extern DateADT crm_day_add_months(DateADT day, int months);
extern int crm_months_between(DateADT from, DateADT to);
extern Timestamp crm_day_to_timestamp(DateADT day);

#endif
