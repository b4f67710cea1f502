using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Dftp.Cluster.Replication;

/// <summary>
/// The members of an update message: first those of the specification, then ours, which a legacy node skips. Readers match names
/// case-insensitively, as Go does.
/// </summary>
internal static class UpdateFields
{
    public static readonly JsonEncodedText
        Sender = Name("SenderNodeName"),
        Full = Name("Full"),
        Time = Name("UpdateTime"),
        Files = Name("Files"),
        Epoch = Name("Epoch"),
        Sequence = Name("Sequence"),
        Since = Name("Since"),
        SinceDigest = Name("SinceDigest"),
        Ranges = Name("Ranges"),
        Digest = Name("Digest");

    public static readonly JsonEncodedText
        Deletion = Name("Deletion"),
        FullName = Name("FullName"),
        Basename = Name("Basename"),
        Directory = Name("Dir"),
        LastModified = Name("LastModified"),
        LastInfoUpdated = Name("LastInfoUpdated"),
        Size = Name("SizeInBytes"),
        Mode = Name("FileMode"),
        Owner = Name("OwnerNode"),
        Nanoseconds = Name("ModifiedNanoseconds"),
        StampNanoseconds = Name("StampNanoseconds");

    /// <summary>The members of an entry by their <see cref="UpdateEntryField"/>.</summary>
    public static readonly JsonEncodedText[] OfEntry =
        [default, Deletion, FullName, Basename, Directory, LastModified, LastInfoUpdated, Size, Mode, Owner, Nanoseconds, StampNanoseconds];

    /// <summary>Whether the reader is at that property name, case-insensitively.</summary>
    public static bool Is(this ref Utf8JsonReader reader, JsonEncodedText field)
    {
        if (reader.ValueTextEquals(field.EncodedUtf8Bytes)) return true;
        var length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (length != field.EncodedUtf8Bytes.Length) return false;
        if (!reader.HasValueSequence) return Ascii.EqualsIgnoreCase(reader.ValueSpan, field.EncodedUtf8Bytes);
        Span<byte> name = stackalloc byte[(int)length];
        reader.ValueSequence.CopyTo(name);
        return Ascii.EqualsIgnoreCase(name, field.EncodedUtf8Bytes);
    }

    private static JsonEncodedText Name(string name) => JsonEncodedText.Encode(name);
}
