package arrowcodec

import (
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fxrun/fxrun/iomanagers"
)

// ArrowIn is Arrow with another memory.
func ArrowIn(memory memory.Allocator) iomanagers.Codec { return codec{memory} }
