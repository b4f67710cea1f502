using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Dftp.FileSystem;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Listing;

/// <summary>The lines of MLSD and MLST: <c>fact=value;fact=value; name</c> (RFC 3659, section 7.2).</summary>
internal static class FactLine
{
    private const ulong HashStart = 14695981039346656037;

    /// <summary>Returns the format of a directory's entries.</summary>
    public static LineFormat For(VirtualPath directory, Facts facts)
    {
        var seed = Hash(HashStart, Encoding.UTF8.GetBytes(directory.IsRoot ? "/" : directory.Value + "/"));
        return (IBufferWriter<byte> output, in Entry entry) =>
            Write(output, entry, entry.NameUtf8.Span, facts, Hash(seed, entry.NameUtf8.Span));
    }

    /// <summary>Formats one entry with its full path, for MLST; without CRLF.</summary>
    public static string Format(VirtualPath path, in Entry entry, Facts facts)
    {
        var output = new ArrayBufferWriter<byte>();
        var name = Encoding.UTF8.GetBytes(path.Value);
        Write(output, entry, name, facts, Hash(HashStart, name));
        return Encoding.UTF8.GetString(output.WrittenSpan[..^2]);
    }

    private static void Write(IBufferWriter<byte> output, in Entry entry, ReadOnlySpan<byte> name, Facts facts, ulong unique)
    {
        var line = new Line(output.GetSpan(160 + name.Length));
        if (facts.HasFlag(Facts.Type)) line.Add(entry.IsDirectory ? "type=dir;"u8 : "type=file;"u8);
        if (facts.HasFlag(Facts.Size)) line.Add("size="u8, entry.Size);
        if (facts.HasFlag(Facts.Modify)) line.Add("modify="u8, entry.Modified);
        if (facts.HasFlag(Facts.Perm)) line.Add(entry.IsDirectory ? "perm=el;"u8 : "perm=r;"u8);
        if (facts.HasFlag(Facts.Unique)) line.AddHex("unique="u8, unique);
        if (facts.HasFlag(Facts.UnixMode)) line.AddOctal("UNIX.mode="u8, entry.Permissions);
        line.Add(" "u8);
        line.AddName(name);
        line.Add("\r\n"u8);
        output.Advance(line.Length);
    }

    /// <summary>FNV-1a: a path has the same hash in every session and on every node, and collisions are rare.</summary>
    private static ulong Hash(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes) hash = (hash ^ value) * 1099511628211;
        return hash;
    }

    private ref struct Line(Span<byte> span)
    {
        private readonly Span<byte> _span = span;

        public int Length { get; private set; }

        public void Add(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_span[Length..]);
            Length += text.Length;
        }

        public void Add(ReadOnlySpan<byte> fact, long value)
        {
            Add(fact);
            Utf8Formatter.TryFormat(value, _span[Length..], out var digits);
            Length += digits;
            Add(";"u8);
        }

        public void Add(ReadOnlySpan<byte> fact, UnixTime time)
        {
            Add(fact);
            Length += Digits.WriteTimeVal(_span[Length..], time);
            Add(";"u8);
        }

        public void AddHex(ReadOnlySpan<byte> fact, ulong value)
        {
            Add(fact);
            Utf8Formatter.TryFormat(value, _span[Length..], out var digits, new StandardFormat('x', 16));
            Length += digits;
            Add(";"u8);
        }

        public void AddOctal(ReadOnlySpan<byte> fact, int mode)
        {
            Add(fact);
            for (var shift = 9; shift >= 0; shift -= 3) _span[Length++] = (byte)('0' + ((mode >> shift) & 7));
            Add(";"u8);
        }

        public void AddName(ReadOnlySpan<byte> name)
        {
            Add(name);
            ControlBytes.Replace(_span.Slice(Length - name.Length, name.Length));
        }
    }
}
