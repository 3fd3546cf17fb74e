package iomanagers

// Text returns the codec "text". It stores strings without a change, in files named .txt. It
// claims string and types that are defined as string, so it stores them unless an asset names
// another format. If an asset names this format, the codec takes every type that [Raw] takes.
func Text() Codec {
	return rawCodec{name: "text", extension: ".txt", textOnly: true}
}
