package sqltable

// What has no other way to be looked at from outside.
var (
	TableName = tableName
	EscapeKey = escapeKey
	SnakeCase = snakeCase

	TimeText      = timeText
	ParseTimeText = parseTimeText
)
