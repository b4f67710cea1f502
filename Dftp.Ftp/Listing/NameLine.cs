using System.Buffers;
using System.Text;
using Dftp.FileSystem;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Listing;

/// <summary>
/// The lines of NLST. RFC 1123, section 4.1.2.7: they "MUST contain only a simple list of legal pathnames, such that the server
/// can use them directly as the arguments of subsequent data transfer commands". Each name is therefore prefixed with the directory as the
/// client sent it.
/// </summary>
internal static class NameLine
{
    public static LineFormat For(string prefix)
    {
        var prefixUtf8 = Encoding.UTF8.GetBytes(prefix);
        return (IBufferWriter<byte> output, in Entry entry) => Write(output, prefixUtf8, entry.NameUtf8.Span);
    }

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name)
    {
        var length = prefix.Length + name.Length;
        var span = output.GetSpan(length + 2);
        prefix.CopyTo(span);
        name.CopyTo(span[prefix.Length..]);
        ControlBytes.Replace(span[..length]);
        "\r\n"u8.CopyTo(span[length..]);
        output.Advance(length + 2);
    }
}
