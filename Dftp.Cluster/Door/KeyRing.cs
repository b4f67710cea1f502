using System.Buffers;
using System.Text;

namespace Dftp.Cluster.Door;

/// <summary>The keys of the cluster secret. The first one signs, all verify. Immutable.</summary>
internal sealed class KeyRing
{
    /// <summary>Two are needed while keys are rotated.</summary>
    private const int MaxKeys = 16;

    private KeyRing(IReadOnlyList<SecretKey> keys) => Keys = keys;

    /// <summary>At least one.</summary>
    public IReadOnlyList<SecretKey> Keys { get; }

    public SecretKey Signing => Keys[0];

    public SecretKey? Find(ReadOnlySpan<byte> id)
    {
        Span<char> text = stackalloc char[16];
        if (id.Length != text.Length || Ascii.ToUtf16(id, text, out _) != OperationStatus.Done) return null;
        foreach (var key in Keys)
        {
            if (text.SequenceEqual(key.Id)) return key;
        }

        return null;
    }

    /// <summary>
    /// Parses a secret file. Each line is a key: the bytes between two line ends, LF or CRLF. Empty lines and lines that begin with # are
    /// ignored. A key that begins or ends with white space is refused, because nobody would see a difference to another node's file.
    /// </summary>
    /// <param name="file">The content of the file.</param>
    /// <param name="before">The keys until now. A key that stays is the same instance, with its memory of nonces.</param>
    /// <param name="problem">What is wrong, without any byte of a key.</param>
    /// <returns>Null if the content is not a secret.</returns>
    public static KeyRing? Parse(ReadOnlySpan<byte> file, KeyRing? before, out string problem)
    {
        var keys = new List<SecretKey>();
        var number = 0;
        if (file.StartsWith("\uFEFF"u8)) file = file["\uFEFF"u8.Length..];
        while (!file.IsEmpty)
        {
            number++;
            var end = file.IndexOf((byte)'\n');
            var line = end < 0 ? file : file[..end];
            file = end < 0 ? [] : file[(end + 1)..];
            if (line.EndsWith("\r"u8)) line = line[..^1];
            if (line.Trim(" \t"u8).IsEmpty || line[0] == '#') continue;
            problem = line.Length < SecretKey.MinBytes ? $"has {line.Length} bytes; a key has at least {SecretKey.MinBytes}"
                : line.Trim(" \t"u8).Length != line.Length ? "begins or ends with white space"
                : keys.Count == MaxKeys ? $"is one key too many: at most {MaxKeys}"
                : "";
            if (problem.Length > 0)
            {
                problem = $"line {number} {problem}";
                return null;
            }

            var key = new SecretKey(line);
            if (!keys.Exists(other => other.Id == key.Id)) keys.Add(before?.Keys.FirstOrDefault(other => other.Id == key.Id) ?? key);
        }

        problem = keys.Count == 0 ? "it has no key: make one by dftp secret new" : "";
        return keys.Count == 0 ? null : new KeyRing(keys);
    }
}
