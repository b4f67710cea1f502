using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>A node asks a peer for the digests of what the peer knows of it: the body of POST /ranges/.</summary>
/// <param name="Sender">The node that asks, and whose entries are meant.</param>
/// <param name="Ranges">The ranges.</param>
/// <param name="Split">Each range is divided into two to the power of this number parts.</param>
internal sealed record RangeQuestion(NodeName Sender, EntryRanges Ranges, int Split)
{
    /// <summary>The maximum number of digests in an answer. It has 350 KB then, a fortieth of a full update of a million files.</summary>
    public const int MaxDigests = 64 * 1024;

    /// <summary>The maximum length of a question: its ranges have at most 100 KB.</summary>
    public const int MaxBytes = 128 * 1024;

    private const int MaxDepth = 4;

    /// <exception cref="UpdateFormatException">It is invalid or exceeds a limit, which the text names.</exception>
    public static RangeQuestion Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new UpdateFormatException("the body is not a JSON object with texts and numbers");
        }
    }

    public void Write(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString(UpdateFields.Sender, Sender.Value);
        json.WriteString(UpdateFields.Ranges, Ranges.ToString());
        json.WriteNumber("Split"u8, Split);
        json.WriteEndObject();
    }

    private static RangeQuestion Read(JsonElement root)
    {
        if (!root.TryGetProperty("SenderNodeName"u8, out var sender) || !NodeName.TryParse(sender.GetString(), out var name))
            throw new UpdateFormatException("SenderNodeName is missing or not a node name");
        if (!root.TryGetProperty("Ranges"u8, out var text)) throw new UpdateFormatException("Ranges is missing");
        if (EntryRanges.Parse(text.GetString() ?? "", out var problem) is not { } ranges) throw new UpdateFormatException(problem);
        if (!root.TryGetProperty("Split"u8, out var number) || !number.TryGetInt32(out var split) || split < 0
            || split > EntryRanges.MaxBits - ranges.Bits)
            throw new UpdateFormatException($"Split is missing, or Ranges and Split have more than {EntryRanges.MaxBits} bits together");
        if ((long)ranges.Count << split > MaxDigests)
            throw new UpdateFormatException($"it asks for more than {MaxDigests} digests", isTooLarge: true);
        return new RangeQuestion(name, ranges, split);
    }
}

/// <summary>The answer to a <see cref="RangeQuestion"/>.</summary>
/// <param name="KnownDigest">The digest of all entries that are known of the asking node.</param>
/// <param name="Digests">From <see cref="RangeEntries.Digests"/>.</param>
internal sealed record RangeAnswer(ulong KnownDigest, uint[] Digests)
{
    /// <exception cref="JsonException">It is not an answer.</exception>
    public static RangeAnswer Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.TryGetProperty("KnownDigest"u8, out var known)
                && ulong.TryParse(known.GetString(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var digest)
                && root.TryGetProperty("Digests"u8, out var digests) && digests.TryGetBytesFromBase64(out var bytes)
                && bytes.Length % sizeof(uint) == 0)
                return new RangeAnswer(digest, [.. MemoryMarshal.Cast<byte, uint>(bytes).ToArray().Select(FromLittleEndian)]);
        }
        catch (InvalidOperationException)
        {
            // A member has another type.
        }

        throw new JsonException("the answer has no digests");
    }

    public void Write(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("KnownDigest"u8, KnownDigest.ToString("x16", CultureInfo.InvariantCulture));
        json.WriteBase64String("Digests"u8, MemoryMarshal.AsBytes<uint>(Digests.Select(FromLittleEndian).ToArray()));
        json.WriteEndObject();
    }

    private static uint FromLittleEndian(uint value) =>
        BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
}
