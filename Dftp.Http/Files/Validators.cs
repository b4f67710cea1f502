using System.Globalization;
using Dftp.FileSystem;

namespace Dftp.Http.Files;

/// <summary>What tells one version of a file from another (RFC 9110 section 8.8). They come out the same on every node.</summary>
internal readonly struct Validators(in Entry file)
{
    private readonly UnixTime _modified = file.Modified;

    /// <summary>Strong: nanoseconds and size change with every write that this system can see.</summary>
    public string ETag { get; } = string.Create(
        CultureInfo.InvariantCulture, stackalloc char[64], $"\"{file.Modified.Nanoseconds:x}-{file.Size:x}\"");

    /// <summary>HTTP's dates have whole seconds.</summary>
    public long ModifiedSeconds => _modified.Seconds;

    /// <summary>
    /// "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the server's time of message
    /// origination." Conditions are still judged by the file's true time.
    /// </summary>
    public DateTimeOffset LastModified(TimeProvider time) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Min(ModifiedSeconds, time.GetUtcNow().ToUnixTimeSeconds()));
}
