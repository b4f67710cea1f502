using System.Text.Json;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// Reads a file's entry as <see cref="UpdateWriter"/> writes it for our nodes, byte for byte: nearly all of a full update. Anything else,
/// be it as good, is for the JSON reader.
/// </summary>
internal static class PlainEntry
{
    private const int MaxDigits = 18;

    private static readonly byte[]
        Beginning = [.. ",{"u8, .. Member(UpdateFields.FullName), .. "\""u8],
        LastModified = [.. "\","u8, .. Member(UpdateFields.LastModified)],
        LastInfoUpdated = [.. ","u8, .. Member(UpdateFields.LastInfoUpdated)],
        Size = [.. ","u8, .. Member(UpdateFields.Size)],
        Mode = [.. ","u8, .. Member(UpdateFields.Mode)],
        Nanoseconds = [.. ","u8, .. Member(UpdateFields.Nanoseconds)];

    /// <param name="json">What follows an entry.</param>
    /// <param name="fullName">Its path, free of escapes; whether it is one is not checked.</param>
    /// <param name="facts">Its facts.</param>
    /// <param name="length">Bytes of the entry, the comma before it included.</param>
    /// <returns>False where there is no such entry, or not all of it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out ReadOnlySpan<byte> fullName, out FileFacts facts, out int length)
    {
        fullName = default;
        facts = default;
        length = 0;
        var rest = json;
        if (!TryTake(ref rest, Beginning)) return false;
        var end = rest.IndexOfAny((byte)'"', (byte)'\\');
        if (end < 0) return false;
        fullName = rest[..end];
        rest = rest[end..];
        var nanoseconds = 0L;
        if (!TryTake(ref rest, LastModified) || !TryTakeNumber(ref rest, out var modified)
            || !TryTake(ref rest, LastInfoUpdated) || !TryTakeNumber(ref rest, out var changed) || changed > uint.MaxValue
            || !TryTake(ref rest, Size) || !TryTakeNumber(ref rest, out var size)
            || !TryTake(ref rest, Mode) || !TryTakeNumber(ref rest, out var mode) || mode > uint.MaxValue || ((uint)mode & GoFileMode.NotRegular) != 0
            || (TryTake(ref rest, Nanoseconds) && (!TryTakeNumber(ref rest, out nanoseconds) || nanoseconds > 999_999_999))
            || !TryTake(ref rest, "}"u8)) return false;
        facts = new FileFacts(size, UnixTime.FromSeconds(modified, (int)nanoseconds), GoFileMode.ToPermissions((uint)mode), (uint)changed);
        length = json.Length - rest.Length;
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> text)
    {
        if (!rest.StartsWith(text)) return false;
        rest = rest[text.Length..];
        return true;
    }

    /// <summary>Takes a whole number that is not negative, as JSON writes it. What follows must be there: its last digit may be still to come.</summary>
    private static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, out long number)
    {
        number = 0;
        var digits = 0;
        while (digits < rest.Length && digits <= MaxDigits && char.IsAsciiDigit((char)rest[digits])) number = number * 10 + rest[digits++] - '0';
        if (digits is 0 or > MaxDigits || digits == rest.Length || (digits > 1 && rest[0] == (byte)'0')) return false;
        rest = rest[digits..];
        return true;
    }

    private static byte[] Member(JsonEncodedText name) => [(byte)'"', .. name.EncodedUtf8Bytes, (byte)'"', (byte)':'];
}
