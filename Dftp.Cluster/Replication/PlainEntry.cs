using System.Text.Json;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Replication;

/// <summary>
/// Parses a file's entry exactly as <see cref="UpdateWriter"/> writes it for our nodes, which is nearly all of a full update. The JSON
/// reader parses all other forms.
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
        Nanoseconds = [.. ","u8, .. Member(UpdateFields.Nanoseconds)],
        StampNanoseconds = [.. ","u8, .. Member(UpdateFields.StampNanoseconds)];

    /// <param name="json">The bytes after an entry.</param>
    /// <param name="fullName">Its path, without escapes; not validated.</param>
    /// <param name="facts">Its facts.</param>
    /// <param name="length">The length of the entry in bytes, with the comma before it.</param>
    /// <returns>False if there is no such entry, or it is incomplete.</returns>
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
        long nanoseconds = 0, stampNanoseconds = 0;
        if (!TryTake(ref rest, LastModified) || !TryTakeNumber(ref rest, out var modified)
            || !TryTake(ref rest, LastInfoUpdated) || !TryTakeNumber(ref rest, out var changed) || changed > Stamp.MaxSeconds
            || !TryTake(ref rest, Size) || !TryTakeNumber(ref rest, out var size)
            || !TryTake(ref rest, Mode) || !TryTakeNumber(ref rest, out var mode) || mode > uint.MaxValue
            || ((uint)mode & GoFileMode.NotRegular) != 0
            || (TryTake(ref rest, Nanoseconds) && (!TryTakeNumber(ref rest, out nanoseconds) || nanoseconds > 999_999_999))
            || (TryTake(ref rest, StampNanoseconds) && (!TryTakeNumber(ref rest, out stampNanoseconds) || stampNanoseconds > 999_999_999))
            || !TryTake(ref rest, "}"u8)) return false;
        facts = new FileFacts(
            size, UnixTime.FromSeconds(modified, (int)nanoseconds), GoFileMode.ToPermissions((uint)mode),
            Stamp.FromSeconds(changed, stampNanoseconds));
        length = json.Length - rest.Length;
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> text)
    {
        if (!rest.StartsWith(text)) return false;
        rest = rest[text.Length..];
        return true;
    }

    /// <summary>Parses a non-negative JSON integer. A byte must follow, because otherwise more digits may arrive.</summary>
    private static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, out long number)
    {
        number = 0;
        var digits = 0;
        while (digits < rest.Length && digits <= MaxDigits && char.IsAsciiDigit((char)rest[digits]))
            number = number * 10 + rest[digits++] - '0';
        if (digits is 0 or > MaxDigits || digits == rest.Length || (digits > 1 && rest[0] == (byte)'0')) return false;
        rest = rest[digits..];
        return true;
    }

    private static byte[] Member(JsonEncodedText name) => [(byte)'"', .. name.EncodedUtf8Bytes, (byte)'"', (byte)':'];
}
