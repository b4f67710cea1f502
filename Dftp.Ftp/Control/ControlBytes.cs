using System.Buffers;

namespace Dftp.Ftp.Control;

/// <summary>Bytes that must not come out of a name: CR and LF would end a line, and the rest would reach a terminal.</summary>
internal static class ControlBytes
{
    private static readonly SearchValues<byte> All =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(value => (byte)value), 127]);

    public static void Replace(Span<byte> text) => text.ReplaceAny(All, (byte)'?');
}
