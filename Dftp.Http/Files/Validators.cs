using System.Buffers.Text;
using System.Text;
using Dftp.FileSystem;

namespace Dftp.Http.Files;

/// <summary>
/// The validators of a file's version (RFC 9110 section 8.8), from a look or an opening. For one holder's copy they are the same on
/// every node.
/// </summary>
internal readonly struct Validators(in Entry file)
{
    public const int MaxETagBytes = 64;

    private readonly UnixTime _modified = file.Modified;

    /// <summary>
    /// Strong: nanoseconds, size or the holder's revision change with every write that this system can detect. Weak if the time is
    /// a placeholder and the holder gives no revision.
    /// </summary>
    public string ETag { get; } = ETagOf(file);

    public bool IsWeak => ETag.StartsWith('W');

    /// <summary>The tag without the prefix of a weak tag.</summary>
    public ReadOnlySpan<char> OpaqueTag => ETag.AsSpan(IsWeak ? 2 : 0);

    /// <summary>
    /// In whole seconds, as in HTTP's dates; null for a placeholder time, so that conditions with dates are not evaluated.
    /// </summary>
    public long? ModifiedSeconds => _modified.IsPlaceholder ? null : _modified.Seconds;

    /// <summary>
    /// "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the server's time of message
    /// origination" (RFC 9110 section 8.8.2.1). Conditions are still evaluated with the file's real time. Null where the time tells
    /// nothing.
    /// </summary>
    /// <param name="modified">The file's modification time.</param>
    /// <param name="now">Unix time in seconds.</param>
    public static DateTimeOffset? LastModified(UnixTime modified, long now) =>
        modified.IsPlaceholder ? null : DateTimeOffset.FromUnixTimeSeconds(Math.Min(modified.Seconds, now));

    /// <summary>Writes the tag: at most <see cref="MaxETagBytes"/>.</summary>
    public static int WriteETag(in Entry file, Span<byte> destination)
    {
        var at = 0;
        if (file.Modified.IsPlaceholder && file.Version.Revision == 0)
        {
            "W/"u8.CopyTo(destination);
            at = 2;
        }

        destination[at++] = (byte)'"';
        at += Write((ulong)file.Modified.Nanoseconds, destination[at..]);
        destination[at++] = (byte)'-';
        at += Write((ulong)file.Size, destination[at..]);
        if (file.Version.Revision != 0)
        {
            destination[at++] = (byte)'-';
            at += Write(file.Version.Revision, destination[at..]);
        }

        destination[at++] = (byte)'"';
        return at;
    }

    private static int Write(ulong value, Span<byte> destination)
    {
        Utf8Formatter.TryFormat(value, destination, out var count, 'x');
        return count;
    }

    private static string ETagOf(in Entry file)
    {
        Span<byte> tag = stackalloc byte[MaxETagBytes];
        return Encoding.ASCII.GetString(tag[..WriteETag(file, tag)]);
    }
}
