using System.Buffers;
using System.Globalization;
using System.Text;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>Converts a path of arbitrary bytes to characters that are safe in a log line or on a page.</summary>
internal static class PrintablePath
{
    /// <returns>The path with a leading slash; bytes that are not UTF-8 and control characters appear as <c>\xNN</c>.</returns>
    public static string Of(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(directory.Length + name.Length + 2).Append('/');
        Append(text, directory);
        if (!directory.IsEmpty && !name.IsEmpty) text.Append('/');
        Append(text, name);
        return text.ToString();
    }

    private static void Append(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done && !Rune.IsControl(rune))
            {
                text.Append(rune);
            }
            else
            {
                foreach (var octet in bytes[..length]) text.Append(CultureInfo.InvariantCulture, $"\\x{octet:x2}");
            }

            bytes = bytes[length..];
        }
    }
}
