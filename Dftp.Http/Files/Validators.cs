using System.Buffers.Text;
using System.Text;
using Dftp.FileSystem;

namespace Dftp.Http.Files;

/// <summary>What tells one version of a file from another (RFC 9110 section 8.8). They come out the same on every node.</summary>
internal readonly struct Validators(in Entry file)
{
    public const int MaxETagBytes = 40;

    private readonly UnixTime _modified = file.Modified;

    /// <summary>Strong: nanoseconds and size change with every write that this system can see.</summary>
    public string ETag { get; } = ETagOf(file);

    /// <summary>HTTP's dates have whole seconds.</summary>
    public long ModifiedSeconds => _modified.Seconds;

    /// <summary>
    /// "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the server's time of message
    /// origination" (RFC 9110 section 8.8.2.1). Conditions are still judged by the file's true time.
    /// </summary>
    /// <param name="modified">The file's.</param>
    /// <param name="now">Unix time in seconds.</param>
    public static DateTimeOffset LastModified(UnixTime modified, long now) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Min(modified.Seconds, now));

    /// <summary>Writes the tag: at most 40 bytes.</summary>
    public static int WriteETag(in Entry file, Span<byte> destination)
    {
        destination[0] = (byte)'"';
        Utf8Formatter.TryFormat(file.Modified.Nanoseconds, destination[1..], out var time, 'x');
        destination[1 + time] = (byte)'-';
        Utf8Formatter.TryFormat(file.Size, destination[(2 + time)..], out var size, 'x');
        destination[2 + time + size] = (byte)'"';
        return 3 + time + size;
    }

    private static string ETagOf(in Entry file)
    {
        Span<byte> tag = stackalloc byte[MaxETagBytes];
        return Encoding.ASCII.GetString(tag[..WriteETag(file, tag)]);
    }
}
