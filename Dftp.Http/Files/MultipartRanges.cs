using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dftp.FileSystem;

namespace Dftp.Http.Files;

/// <summary>The frame of a multipart/byteranges body (RFC 9110 section 14.6).</summary>
internal sealed class MultipartRanges
{
    private readonly byte[][] _heads;
    private readonly byte[] _end;

    public MultipartRanges(ByteRange[] ranges, long size, string contentType)
    {
        // Random, so that no content contains it by chance or intent.
        var boundary = "dftp-" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        ContentType = $"multipart/byteranges; boundary={boundary}";
        _heads = new byte[ranges.Length][];
        for (var i = 0; i < ranges.Length; i++)
        {
            var delimiter = i == 0 ? $"--{boundary}" : $"\r\n--{boundary}";
            _heads[i] = Encoding.ASCII.GetBytes(
                $"{delimiter}\r\nContent-Type: {contentType}\r\nContent-Range: {ContentRange(ranges[i], size)}\r\n\r\n");
            ContentLength += _heads[i].Length + ranges[i].Length;
        }

        _end = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        ContentLength += _end.Length;
    }

    public string ContentType { get; }

    public long ContentLength { get; }

    /// <summary>The text after the last range.</summary>
    public ReadOnlyMemory<byte> End => _end;

    /// <summary>The text before a range.</summary>
    public ReadOnlyMemory<byte> HeadOf(int range) => _heads[range];

    public static string ContentRange(ByteRange range, long size) =>
        string.Create(CultureInfo.InvariantCulture, $"bytes {range.Offset}-{range.End - 1}/{size}");
}
