using System.Buffers;
using System.Globalization;
using System.Text;

namespace Dftp.Http.Text;

/// <summary>
/// Unicode's Normalization Form C (Unicode Standard Annex #15) of names: macOS writes <c>Ü</c> as two characters where Linux writes one.
/// The runtime's implementation needs ICU, which this program does not include.
/// </summary>
/// <remarks>
/// Three characters whose form C is ASCII stay as they are: the Kelvin sign, the Greek question mark and the Greek varia.
/// </remarks>
internal static class NormalForm
{
    /// <summary>The first UTF-8 byte of U+0300. Text with only lower bytes is in form C.</summary>
    private const byte FirstLead = 0xCC;

    private const int MaxStackCharacters = 1024;

    // The Unicode Standard, section 3.12: Hangul syllables.
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28, Syllables = Leads * Vowels * Tails;

    private static readonly Lazy<Table> Data = new(Table.Read);

    /// <summary>Whether UTF-8 is certainly in form C. A cheap test: most names have no character that could change.</summary>
    public static bool IsComposed(ReadOnlySpan<byte> utf8)
    {
        var first = utf8.IndexOfAnyInRange(FirstLead, byte.MaxValue);
        if (first < 0) return true;
        var unsettled = Data.Value.Unsettled;
        for (var rest = utf8[first..]; !rest.IsEmpty;)
        {
            Rune.DecodeFromUtf8(rest, out var rune, out var length);
            if (rune.Value >= 0x300 && (unsettled.Contains(rune.Value) || IsJoiningJamo(rune.Value))) return false;
            rest = rest[length..];
        }

        return true;
    }

    /// <summary>Converts UTF-8 to form C.</summary>
    public static byte[] Compose(ReadOnlySpan<byte> utf8)
    {
        // No decomposition has more than four characters, and none of a single byte has more than one.
        var most = 4 * utf8.Length;
        var rented = most > MaxStackCharacters ? ArrayPool<int>.Shared.Rent(most) : null;
        Span<int> characters = rented is null ? stackalloc int[MaxStackCharacters] : rented;
        var count = Decompose(utf8, characters);
        Sort(characters[..count]);
        count = Join(characters[..count]);

        var composed = new byte[4 * count];
        var bytes = 0;
        foreach (var character in characters[..count]) bytes += new Rune(character).EncodeToUtf8(composed.AsSpan(bytes));
        if (rented is not null) ArrayPool<int>.Shared.Return(rented);
        return composed[..bytes];
    }

    /// <summary>Converts text to form C.</summary>
    public static string Compose(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return IsComposed(utf8) ? text : Encoding.UTF8.GetString(Compose(utf8));
    }

    private static int Decompose(ReadOnlySpan<byte> utf8, Span<int> characters)
    {
        var count = 0;
        while (!utf8.IsEmpty)
        {
            Rune.DecodeFromUtf8(utf8, out var rune, out var length);
            Decompose(rune.Value, characters, ref count);
            utf8 = utf8[length..];
        }

        return count;
    }

    private static void Decompose(int character, Span<int> characters, ref int count)
    {
        if ((uint)(character - SyllableBase) < Syllables)
        {
            var syllable = character - SyllableBase;
            characters[count++] = LeadBase + syllable / (Vowels * Tails);
            characters[count++] = VowelBase + syllable % (Vowels * Tails) / Tails;
            if (syllable % Tails != 0) characters[count++] = TailBase + syllable % Tails;
            return;
        }

        if (character < 0x80 || !Data.Value.Decompositions.TryGetValue(character, out var parts))
        {
            characters[count++] = character;
            return;
        }

        Decompose(parts.First, characters, ref count);
        if (parts.Second != 0) characters[count++] = parts.Second;
    }

    /// <summary>Sorts the marks after each starter by combining class; the sort is stable.</summary>
    private static void Sort(Span<int> characters)
    {
        var classes = Data.Value.Classes;
        for (var at = 1; at < characters.Length; at++)
        {
            var order = classes.GetValueOrDefault(characters[at]);
            if (order == 0) continue;
            var to = at;
            for (var moved = characters[at]; to > 0 && classes.GetValueOrDefault(characters[to - 1]) > order; to--)
            {
                (characters[to], characters[to - 1]) = (characters[to - 1], moved);
            }
        }
    }

    /// <summary>
    /// Composes each starter with a following character, unless one between them has the same or a higher combining class.
    /// </summary>
    private static int Join(Span<int> characters)
    {
        var classes = Data.Value.Classes;
        var (kept, starter, lastClass) = (0, -1, 0);
        foreach (var character in characters)
        {
            var order = classes.GetValueOrDefault(character);
            var isNext = starter >= 0 && (kept == starter + 1 || (lastClass < order && lastClass != 0));
            if (isNext && TryJoin(characters[starter], character, out var joined))
            {
                characters[starter] = joined;
                continue;
            }

            if (order == 0) starter = kept;
            lastClass = order;
            characters[kept++] = character;
        }

        return kept;
    }

    private static bool TryJoin(int first, int second, out int joined)
    {
        if ((uint)(first - LeadBase) < Leads && (uint)(second - VowelBase) < Vowels)
        {
            joined = SyllableBase + ((first - LeadBase) * Vowels + second - VowelBase) * Tails;
            return true;
        }

        if ((uint)(first - SyllableBase) < Syllables && (first - SyllableBase) % Tails == 0
            && second > TailBase && second < TailBase + Tails)
        {
            joined = first + second - TailBase;
            return true;
        }

        return Data.Value.Compositions.TryGetValue((first, second), out joined);
    }

    private static bool IsJoiningJamo(int character) =>
        (uint)(character - VowelBase) < Vowels || (character > TailBase && character < TailBase + Tails);

    /// <summary>The tables of <c>compositions.txt</c>, loaded when the first name needs them.</summary>
    private sealed class Table
    {
        /// <summary>Canonical decompositions of one step. The second character is 0 in a decomposition to a single character.</summary>
        public Dictionary<int, (int First, int Second)> Decompositions { get; } = [];

        public Dictionary<(int First, int Second), int> Compositions { get; } = [];

        /// <summary>Canonical combining classes other than 0.</summary>
        public Dictionary<int, byte> Classes { get; } = [];

        /// <summary>Characters that may occur in text that is not in form C.</summary>
        public HashSet<int> Unsettled { get; } = [];

        public static Table Read()
        {
            var table = new Table();
            using var text = new StreamReader(
                typeof(NormalForm).Assembly.GetManifestResourceStream("Dftp.Http.Text.compositions.txt")!);
            while (text.ReadLine() is { } line)
            {
                if (line[0] != '#') table.Add(line.Split(' '));
            }

            return table;
        }

        private void Add(string[] words)
        {
            var (code, first) = (Parse(words[1]), Parse(words[2]));
            var last = words.Length > 3 ? words[3] : "0";
            switch (words[0])
            {
                case "~":
                    for (; code <= first; code++)
                    {
                        Classes.Add(code, byte.Parse(last, CultureInfo.InvariantCulture));
                        Unsettled.Add(code);
                    }

                    break;
                case "=":
                    Decompositions.Add(code, (first, Parse(last)));
                    Compositions.Add((first, Parse(last)), code);
                    Unsettled.Add(Parse(last));
                    break;
                default:
                    Decompositions.Add(code, (first, Parse(last)));
                    Unsettled.Add(code);
                    break;
            }
        }

        private static int Parse(string hex) => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
