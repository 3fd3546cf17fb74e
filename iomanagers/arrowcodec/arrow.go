// Package arrowcodec stores rows in Apache Arrow's format.
package arrowcodec

import (
	_ "github.com/apache/arrow-go/v18/arrow/ipc"
	_ "github.com/fxrun/fxrun/iomanagers"
)
