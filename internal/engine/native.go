package engine

import "encoding/binary"

// helloBlock answers clickhouse-go's first query in Native format as of the client's own protocol version.
// revision 0 makes the client read every later block without protocol extras, as the library writes them.
func helloBlock(name, version, timezone string) []byte {
	b := []byte{1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0} // block info: not an overflow, bucket -1
	b = binary.AppendUvarint(b, 4)                  // columns
	b = binary.AppendUvarint(b, 1)                  // rows
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	column := func(name, kind string) {
		text(name)
		text(kind)
		b = append(b, 0) // no custom serialization
	}
	column("displayName()", "String")
	text(name)
	column("version()", "String")
	text(version)
	column("revision()", "UInt32")
	b = binary.LittleEndian.AppendUint32(b, 0)
	column("timezone()", "String")
	text(timezone)
	return b
}
