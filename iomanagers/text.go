package iomanagers

// Text returns the codec "text": strings as they are, in files named .txt. It claims string
// and types defined as string, so that they are stored as text unless an asset asks for
// another format; asked for by name it takes what [Raw] takes.
func Text() Codec {
	return rawCodec{name: "text", extension: ".txt", textOnly: true}
}
