package sqltable

// What has no other way to be looked at from outside.
var (
	TableName = tableName
	EscapeKey = escapeKey

	TimeText      = timeText
	ParseTimeText = parseTimeText
)
