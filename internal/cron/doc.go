// Package cron reads cron expressions, and computes the times that they mean in a
// time zone, also on the days on which the clocks of the zone change.
//
// The expressions are read by robfig/cron. Its own times are not used: it leaves out a
// daily time that does not exist on a day, and repeats one that exists twice.
package cron
